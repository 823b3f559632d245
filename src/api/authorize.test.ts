import { describe, expect, test } from "bun:test";
import { PermissionDenied } from "#base/errors.ts";
import type { AnswerFacts, Authorization, RequestFacts } from "#plugins/types.ts";
import { startApi } from "./_fakes.ts";
import { understoodUri } from "./authorize.ts";
import { RawClient } from "./http/_raw-client.ts";
import { decodePath, parseTarget } from "./target.ts";

/** Writes down what it is asked; denies bodies with the word "privileged", and answers with the word "secret". */
function recordingGuard() {
  const requests: RequestFacts[] = [];
  const answers: AnswerFacts[] = [];
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const authorization: Authorization = {
    isOn: true,
    async checkRequest(request) {
      requests.push(request);
      if (/privileged/i.test(text(request.body))) throw new PermissionDenied("authorization denied: req");
    },
    async checkAnswer(_request, answer) {
      answers.push(answer);
      if (text(answer.body).includes("secret")) throw new PermissionDenied("authorization denied: res");
    },
  };
  return { requests, answers, authorization };
}

const VOLUME = { name: "v", driver: "local", mountpoint: "/v", createdAt: "", labels: {}, options: {} };
const volumes = { create: async () => ({ ...VOLUME, anonymous: false }) as never };

describe("Gate", () => {
  test("shows request and answer, and gives the same body to the route", async () => {
    const { requests, answers, authorization } = recordingGuard();
    await using api = startApi({ volumes }, { authorization });
    const answer = await api.fetch("/v1.43/volumes/create?a=b", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Registry-Auth": "abc", "X-Odd": "1" },
      body: '{"Name":"v"}',
    });
    expect(answer.status).toBe(201);
    expect(api.calls.map(({ method, args }) => [method, args[0]])).toEqual([
      ["volumes.create", { Name: "v" }],
    ]);
    expect(requests).toHaveLength(1);
    const { body, headers, ...rest } = requests[0]!;
    expect(Buffer.from(body!).toString()).toBe('{"Name":"v"}');
    expect(headers).toMatchObject({
      "Content-Type": "application/json",
      "Content-Length": "12",
      "X-Odd": "1",
    });
    expect(Object.keys(headers).filter((name) => /auth|host/i.test(name))).toEqual([]);
    expect(rest).toEqual({
      user: "",
      certificate: undefined,
      method: "POST",
      uri: "/v1.43/volumes/create?a=b",
    });
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ status: 201, headers: { "Content-Type": "application/json" } });
    expect(JSON.parse(Buffer.from(answers[0]!.body!).toString())).toMatchObject({ Name: "v" });
  });

  // CVE-2024-41110: a client that announces no body, or another kind of one, must not get it past a plugin.
  const CREATE = "POST /v1.43/volumes/create HTTP/1.1\r\nHost: d\r\n";
  const JSON_TYPE = "Content-Type: application/json\r\n";
  const BODY = '{"Name":"privileged"}';
  const HIDDEN: Readonly<Record<string, string>> = {
    "a declared length of nothing": `${CREATE}${JSON_TYPE}Content-Length: 0\r\n\r\n${BODY}`,
    "no length at all": `${CREATE}${JSON_TYPE}\r\n${BODY}`,
    "two lengths": `${CREATE}${JSON_TYPE}Content-Length: 0\r\nContent-Length: 21\r\n\r\n${BODY}`,
    "a length with a sign": `${CREATE}${JSON_TYPE}Content-Length: +21\r\n\r\n${BODY}`,
    "chunks and a length of nothing": `${CREATE}${JSON_TYPE}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n${BODY}\r\n0\r\n\r\n`,
    chunks: `${CREATE}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n5\r\n${BODY.slice(0, 5)}\r\n10\r\n${BODY.slice(5)}\r\n0\r\n\r\n`,
    "a type that is no type": `${CREATE}Content-Type: application/json;;=\r\nContent-Length: 21\r\n\r\n${BODY}`,
    "another type": `${CREATE}Content-Type: text/plain\r\nContent-Length: 21\r\n\r\n${BODY}`,
    "no type": `${CREATE}Content-Length: 21\r\n\r\n${BODY}`,
    "a path that only looks like that of credentials": `${CREATE.replace("create", "create?/auth")}${JSON_TYPE}Content-Length: 21\r\n\r\n${BODY}`,
  };
  for (const [what, request] of Object.entries(HIDDEN))
    test(`lets nothing through that a plugin did not see: ${what}`, async () => {
      const { authorization } = recordingGuard();
      await using api = startApi({ volumes }, { authorization });
      const client = await RawClient.connect(api.socket);
      client.send(request);
      await client.answer();
      client.close();
      const names = api.calls.map(({ args }) => (args[0] as { Name?: string }).Name);
      expect(names.filter((name) => name !== undefined)).toEqual([]);
    });

  // CVE-2026-34040: a body that is too long to be shown is too long to be read.
  test("shows long bodies whole, and refuses longer ones", async () => {
    const { requests, authorization } = recordingGuard();
    await using api = startApi({ volumes }, { authorization });
    const long = { Name: "x", Labels: { a: "b".repeat(2 << 20), z: "Privileged" } };
    const denied = await api.post("/volumes/create", long);
    expect([denied.status, await denied.text()]).toEqual([403, '{"message":"authorization denied: req"}\n']);
    const allowed = await api.post("/volumes/create", { ...long, Labels: { a: "b".repeat(2 << 20) } });
    expect(allowed.status).toBe(201);
    expect(requests[1]!.body!.byteLength).toBeGreaterThan(2 << 20);
    const tooLong = await api.fetch("/volumes/create", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: new Uint8Array((32 << 20) + 1),
    });
    expect(tooLong.status).toBe(413);
    expect(requests).toHaveLength(2);
    expect(api.calls).toHaveLength(1);
  });

  test("does not hold a stream, and never shows credentials", async () => {
    const { requests, authorization } = recordingGuard();
    const load = async function* (archive: AsyncIterable<Uint8Array>) {
      let bytes = 0;
      for await (const piece of archive) bytes += piece.byteLength;
      yield { stream: `${bytes}` };
    };
    await using api = startApi({ images: { load: load as never } }, { authorization });
    const answer = await api.fetch("/images/load", { method: "POST", body: new Uint8Array(33 << 20) });
    expect(await answer.text()).toContain(String(33 << 20));
    const login = await api.post("/auth", { username: "u", password: "p", serveraddress: "127.0.0.1:1" });
    await login.text();
    expect(requests.map(({ uri, body }) => [uri, body])).toEqual([
      ["/images/load", undefined],
      ["/auth", undefined],
    ]);
  });

  test("asks about a stream's answer before it begins, and about a refusal in place of it", async () => {
    const { answers, authorization } = recordingGuard();
    await using api = startApi(
      {
        volumes: {
          inspect: async () => {
            throw new PermissionDenied("a secret");
          },
        },
      },
      { authorization },
    );
    const answer = await api.fetch("/volumes/v");
    expect([answer.status, await answer.text()]).toEqual([403, '{"message":"authorization denied: res"}\n']);
    expect(answers).toHaveLength(1);
  });

  test("waits with everything until the engine is ready", async () => {
    const { authorization } = recordingGuard();
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    await using api = startApi({}, { authorization, ready });
    let isAnswered = false;
    const ping = api.fetch("/_ping").then((answer) => {
      isAnswered = true;
      return answer.status;
    });
    await Bun.sleep(20);
    expect(isAnswered).toBe(false);
    resolve();
    expect(await ping).toBe(200);
  });
});

describe("understoodUri()", () => {
  for (const [raw, understood] of [
    ["/v1.43/volumes/create?a=%2f", "/v1.43/volumes/create?a=%2f"],
    ["//v1.43//volumes%2Fcreate", "/v1.43/volumes/create"],
    ["/images/library%2Fdebian/json", "/images/library/debian/json"],
    ["/volumes/a%3Fb%23c%25d", "/volumes/a%3Fb%23c%25d"],
    ["/_ping", "/_ping"],
  ] as const)
    test(`of ${raw} is ${understood}`, () => {
      const target = parseTarget(raw);
      expect(understoodUri({ ...target, path: decodePath(target.path) })).toBe(understood);
    });
});
