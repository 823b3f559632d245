/**
 * What authorization plugins are asked about a request, and when. The client does not choose what they see: the address
 * is the one that was understood, and whether a body is shown is the route's business, not that of a header.
 */
import type { AnswerFacts, Authorization, RequestFacts } from "#plugins/types.ts";
import { errorReply } from "./errors.ts";
import type { ApiRequest, HijackReply, Reply, ReplyHeaders, Route, WholeReply } from "./handler.ts";
import type { Exchange } from "./http/connection.ts";
import type { Headers } from "./http/head.ts";
import { MAX_BODY_BYTES } from "./json-body.ts";
import type { Target } from "./target.ts";

/** What a process writes to a connection it has taken over, no plugin is asked about: so none is offered. */
export const NOT_OFFERED: ApiRequest["connection"] = { offer: () => undefined, takeBack: () => {} };

/** One request and its answer before the plugins. */
export class Gate {
  readonly #authorization: Authorization;
  readonly #exchange: Exchange;
  readonly #common: ReplyHeaders;
  /** Of a request that was let in and whose answer nobody has looked at. */
  #admitted: { readonly facts: RequestFacts; readonly route: Pick<Route, "bodyIs"> } | undefined;

  /** @param common headers of every answer */
  constructor(authorization: Authorization, exchange: Exchange, common: ReplyHeaders) {
    this.#authorization = authorization;
    this.#exchange = exchange;
    this.#common = common;
  }

  /**
   * @param target its path decoded
   * @throws PermissionDenied, Internal; ProtocolError 413 for a body that could not be shown whole
   */
  async checkRequest(route: Pick<Route, "bodyIs">, target: Target): Promise<void> {
    const { head, body } = this.#exchange;
    const certificate = this.#exchange.peerCertificate();
    const facts: RequestFacts = {
      user: certificate?.commonName ?? "",
      certificate: certificate?.pem,
      method: head.method,
      uri: understoodUri(target),
      headers: shownHeaders(head.headers),
      body: route.bodyIs === undefined ? await body.peek(MAX_BODY_BYTES) : undefined,
    };
    await this.#authorization.checkRequest(facts);
    this.#admitted = { facts, route };
  }

  /** @throws as `checkRequest` */
  async checkReply(reply: Reply): Promise<void> {
    const admitted = this.#admitted;
    this.#admitted = undefined;
    if (!admitted) return;
    const isSecret = admitted.route.bodyIs === "credentials";
    await this.#authorization.checkAnswer(admitted.facts, answerFacts(reply, this.#common, isSecret));
  }

  /** @returns the error's reply, or what is said in its place */
  async checkError(reply: WholeReply): Promise<WholeReply> {
    try {
      await this.checkReply(reply);
      return reply;
    } catch (denial) {
      return errorReply(denial);
    }
  }
}

/** As the client wrote it, unless that can be read in two ways: "//v1.43/containers%2Fcreate" is what it comes to. */
export function understoodUri({ version, path, query }: Target): string {
  const encoded = encodeURI(path).replace(/[?#]/g, encodeURIComponent);
  return `${version === undefined ? "" : `/v${version}`}${encoded}${query === "" ? "" : `?${query}`}`;
}

/** What is said with these is nobody else's business, plugins included. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "x-registry-auth",
  "x-registry-config",
]);

/** Spelled as Docker's plugins know them; Host is no header to them. */
function shownHeaders(headers: Headers | ReplyHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || name === "host" || SECRET_HEADERS.has(name.toLowerCase())
        ? []
        : [[canonicalName(name), value]],
    ),
  );
}

/** "content-type" to "Content-Type". */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** A stream is known by its head alone: it begins when everybody has agreed. */
function answerFacts(reply: Reply, common: ReplyHeaders, isSecret: boolean): AnswerFacts {
  switch (reply.kind) {
    case "whole": {
      const isShown = !isSecret && (reply.headers["Content-Type"] ?? "").startsWith("application/json");
      const body = isShown ? Buffer.from(reply.body) : undefined;
      return { status: reply.status, headers: shownHeaders({ ...common, ...reply.headers }), body };
    }
    case "stream":
      return {
        status: reply.status,
        headers: shownHeaders({ ...common, ...reply.headers }),
        body: undefined,
      };
    case "hijack":
      return { ...parseHead(reply), body: undefined };
    case "taken":
      throw new Error("a connection was taken before its answer could be checked");
  }
}

function parseHead({ head }: HijackReply): Pick<AnswerFacts, "status" | "headers"> {
  const [start = "", ...lines] = head.trimEnd().split("\r\n");
  const headers = lines.map((line) => line.split(/: ?(.*)/s, 2));
  return { status: Number(start.split(" ")[1]), headers: shownHeaders(Object.fromEntries(headers)) };
}
