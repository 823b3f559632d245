import { describe, expect, test } from "bun:test";
import { encodeName, encodeQuery, encodeRequestHead, headLength, parseResponseHead } from "./http-head.ts";

test("encodeRequestHead() ends with an empty line", () => {
  expect(encodeRequestHead({ method: "GET", path: "/x", headers: { Host: "h" } })).toBe(
    "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
  );
});

test("encodeRequestHead() refuses values that would add a header", () => {
  expect(() => encodeRequestHead({ method: "GET", path: "/", headers: { A: "b\r\nC: d" } })).toThrow(
    "invalid value",
  );
});

test("headLength() is -1 until the empty line has come", () => {
  expect(headLength(Buffer.from("HTTP/1.1 200 OK\r\n"))).toBe(-1);
  expect(headLength(Buffer.from("HTTP/1.1 200 OK\r\n\r\nbody"))).toBe(19);
});

describe("parseResponseHead()", () => {
  test("parseResponseHead() lower-cases names and joins what was sent twice", () => {
    expect(parseResponseHead("HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Type:  x \r\n")).toEqual({
      status: 200,
      headers: { a: "1, 2", "content-type": "x" },
    });
  });

  test("parseResponseHead() says what came instead of HTTP", () => {
    expect(() => parseResponseHead("SSH-2.0-OpenSSH\r\n")).toThrow('not an HTTP answer: "SSH-2.0-OpenSSH"');
  });
});

test("encodeQuery() leaves defaults out, repeats lists and writes true as 1", () => {
  const query = {
    all: true,
    size: false,
    limit: 0,
    name: "a b",
    none: undefined,
    empty: "",
    names: ["x", "y"],
  };
  expect(encodeQuery(query)).toBe("?all=1&limit=0&name=a%20b&names=x&names=y");
});

test("encodeName() keeps what image names are made of", () => {
  expect(encodeName("host:5000/a/b@sha256:12 ?#")).toBe("host:5000/a/b@sha256:12%20%3F%23");
});
