import { describe, expect, test } from "bun:test";
import {
  bodyFraming,
  expectsContinue,
  ProtocolError,
  parseRequestHead,
  upgradeOf,
  wantsKeepAlive,
} from "./head.ts";

const head = (...lines: string[]) => parseRequestHead(["GET /x HTTP/1.1", "Host: d", ...lines].join("\r\n"));

function statusOf(work: () => unknown): number {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError) return error.status;
    throw error;
  }
  return 200;
}

describe("parseRequestHead()", () => {
  test("reads request line and fields, and joins repeated ones", () => {
    expect(
      parseRequestHead("POST /a?b=c%20d HTTP/1.1\r\nHost: docker\r\nX-A:1\r\nx-a:\t2 \r\nEmpty:"),
    ).toMatchObject({
      method: "POST",
      target: "/a?b=c%20d",
      minor: 1,
      headers: { host: "docker", "x-a": "1, 2", empty: "" },
    });
  });

  test("takes path and query of an absolute target", () => {
    const target = (text: string) => parseRequestHead(`GET ${text} HTTP/1.1\r\nHost: d`).target;
    expect(target("http://docker/v1.41/info?x=1")).toBe("/v1.41/info?x=1");
    expect(target("http://docker")).toBe("/");
    expect(target("http://docker?x")).toBe("/?x");
  });

  test("has no inherited fields", () => {
    expect(head().headers.constructor).toBeUndefined();
    expect(Object.getPrototypeOf(head("__proto__: x").headers)).toBeNull();
  });

  const refused: Record<string, { text: string; status: number }> = {
    "a word for a request line": { text: "hello", status: 400 },
    "two spaces in the request line": { text: "GET  /x HTTP/1.1\r\nHost: d", status: 400 },
    "HTTP/2": { text: "GET /x HTTP/2.0\r\nHost: d", status: 505 },
    "no host": { text: "GET /x HTTP/1.1", status: 400 },
    "two hosts": { text: "GET /x HTTP/1.1\r\nHost: a\r\nHost: b", status: 400 },
    "a space before the colon": { text: "GET /x HTTP/1.1\r\nHost : d", status: 400 },
    "a continued line": { text: "GET /x HTTP/1.1\r\nHost: d\r\n more: x", status: 400 },
    "a lone line feed": { text: "GET /x HTTP/1.1\r\nHost: d\r\nA: b\nC: d", status: 400 },
    "a zero byte": { text: "GET /x HTTP/1.1\r\nHost: d\0", status: 400 },
    "a line without a colon": { text: "GET /x HTTP/1.1\r\nHost: d\r\nnonsense", status: 400 },
    "a target that is no path": { text: "GET x HTTP/1.1\r\nHost: d", status: 400 },
  };
  for (const [what, { text, status }] of Object.entries(refused))
    test(`refuses ${what}`, () => expect(statusOf(() => parseRequestHead(text))).toBe(status));
});

describe("bodyFraming()", () => {
  test("tells lengths, chunks and absence", () => {
    expect(bodyFraming(head())).toEqual({ kind: "none" });
    expect(bodyFraming(head("Content-Length: 0"))).toEqual({ kind: "none" });
    expect(bodyFraming(head("Content-Length: 12"))).toEqual({ kind: "length", bytes: 12 });
    expect(bodyFraming(head("Transfer-Encoding: Chunked"))).toEqual({ kind: "chunked" });
  });

  const refused: Record<string, { lines: string[]; status: number }> = {
    "length and chunks": { lines: ["Content-Length: 5", "Transfer-Encoding: chunked"], status: 400 },
    "two lengths": { lines: ["Content-Length: 5", "Content-Length: 5"], status: 400 },
    "a signed length": { lines: ["Content-Length: +5"], status: 400 },
    "a hexadecimal length": { lines: ["Content-Length: 0x5"], status: 400 },
    "a length past all numbers": { lines: ["Content-Length: 99999999999999999999"], status: 400 },
    "an encoding of encodings": { lines: ["Transfer-Encoding: gzip, chunked"], status: 501 },
    "two encodings": { lines: ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], status: 400 },
  };
  for (const [what, { lines, status }] of Object.entries(refused))
    test(`refuses ${what}`, () => expect(statusOf(() => bodyFraming(head(...lines)))).toBe(status));
});

test("wantsKeepAlive() follows the version's default unless told otherwise", () => {
  const old = (line: string) => parseRequestHead(`GET / HTTP/1.0\r\n${line}`);
  expect(wantsKeepAlive(head())).toBe(true);
  expect(wantsKeepAlive(head("Connection: Close"))).toBe(false);
  expect(wantsKeepAlive(old("A: b"))).toBe(false);
  expect(wantsKeepAlive(old("Connection: keep-alive"))).toBe(true);
});

test("upgradeOf() needs both headers", () => {
  expect(upgradeOf(head("Connection: keep-alive, Upgrade", "Upgrade: TCP"))).toBe("tcp");
  expect(upgradeOf(head("Upgrade: tcp"))).toBeUndefined();
});

test("expectsContinue() knows one expectation", () => {
  expect(expectsContinue(head("Expect: 100-Continue"))).toBe(true);
  expect(expectsContinue(head())).toBe(false);
  expect(statusOf(() => expectsContinue(head("Expect: magic")))).toBe(417);
});
