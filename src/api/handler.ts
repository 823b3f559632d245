/** What a route's handler receives and what it gives back: values, so that handlers need no socket to be tested. */
import type { Duplex } from "node:stream";
import type { ApiVersion } from "#spec/docker/versions.ts";
import type { RequestBody } from "./http/body.ts";
import type { Exchange } from "./http/connection.ts";
import type { Headers } from "./http/head.ts";
import type { Query } from "./query.ts";
import type { RoutePattern } from "./router.ts";
import type { ApiOptions, ApiParts } from "./types.ts";

export interface ApiRequest {
  readonly method: string;
  /** Decoded, without the version. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The version this request is answered in. */
  readonly version: ApiVersion;
  readonly headers: Headers;
  readonly body: RequestBody;
  /** The protocol the client would like to change to. */
  readonly upgrade: string | undefined;
  /** The client's own connection, for a process to take over; see `Exchange`. */
  readonly connection: Pick<Exchange, "offer" | "takeBack">;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly options: ApiOptions;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type Handler = (request: ApiRequest, parts: ApiParts) => Reply | Promise<Reply>;

export interface Route extends RoutePattern {
  readonly handle: Handler;
  /** The oldest version of the API that has this route. */
  readonly since?: ApiVersion;
  /** Older clients than the rest of the API are answered: the route has not changed since. */
  readonly servedFrom?: ApiVersion;
  /** A body that no authorization plugin is shown: too long to hold, or secret. Every other one it sees whole. */
  readonly bodyIs?: "stream" | "credentials";
  /** Answers before the engine knows the state of its containers. */
  readonly isEarly?: boolean;
}

export type ReplyHeaders = Readonly<Record<string, string>>;

export type Reply = WholeReply | StreamReply | HijackReply | TakenReply;

export interface WholeReply {
  readonly kind: "whole";
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly body: string;
}

/**
 * Pieces as they come, each sent at once and the next one fetched only when the client took it. A failure before the
 * first piece becomes an error answer, unless the head went out already.
 */
export interface StreamReply {
  readonly kind: "stream";
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly pieces: AsyncIterable<string | Uint8Array>;
  /** Send the head before the first piece is there. */
  readonly beginsAtOnce: boolean;
  /** The last piece of a stream that failed half-way; without it the connection is cut. */
  readonly lastWords?: (error: unknown) => string;
}

/** The connection itself, after a head of its own. */
export interface HijackReply {
  readonly kind: "hijack";
  /** The whole head with its empty line. */
  readonly head: string;
  /** Resolves when the connection needs no more care. */
  readonly serve: (socket: Duplex) => Promise<void>;
}

/** Nothing is left to answer: a process has the client's connection. */
export interface TakenReply {
  readonly kind: "taken";
}

export function json(value: unknown, status = 200): WholeReply {
  return jsonText(JSON.stringify(value), status);
}

export function jsonText(text: string, status = 200): WholeReply {
  const headers = { "Content-Type": "application/json" };
  return { kind: "whole", status, headers, body: `${text}\n` };
}

export function empty(status: number): WholeReply {
  return { kind: "whole", status, headers: {}, body: "" };
}

export function plainText(body: string, headers: ReplyHeaders = {}, status = 200): WholeReply {
  const type = { "Content-Type": "text/plain; charset=utf-8" };
  return { kind: "whole", status, headers: { ...type, ...headers }, body };
}

export interface StreamOptions {
  readonly contentType: string;
  readonly beginsAtOnce?: boolean;
  readonly lastWords?: (error: unknown) => string;
}

export function stream(pieces: AsyncIterable<string | Uint8Array>, options: StreamOptions): StreamReply {
  const { contentType, beginsAtOnce = false, lastWords } = options;
  const headers = { "Content-Type": contentType };
  return { kind: "stream", status: 200, headers, pieces, beginsAtOnce, ...(lastWords ? { lastWords } : {}) };
}
