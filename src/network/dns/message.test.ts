import { describe, expect, test } from "bun:test";
import { queryBytes } from "./_query.ts";
import { encodeName, parseQuery, parseReply, RCODE, refusal, TYPE, u16, writeAnswer } from "./message.ts";

describe("parseQuery()", () => {
  test("reads the name in lower case, the type, and where the question ends", () => {
    const bytes = queryBytes("Web.Example", { id: 7, type: TYPE.AAAA });
    expect(parseQuery(bytes)).toEqual({
      id: 7,
      flags: 0x0100,
      name: "web.example",
      type: TYPE.AAAA,
      class: 1,
      questionEnd: bytes.length,
      maxUdpBytes: 512,
      hasEdns: false,
    });
  });

  test("takes the client's datagram size from EDNS, never below what all take", () => {
    expect(parseQuery(queryBytes("a", { edns: 4096 }))).toMatchObject({ maxUdpBytes: 4096, hasEdns: true });
    expect(parseQuery(queryBytes("a", { edns: 100 }))).toMatchObject({ maxUdpBytes: 512, hasEdns: true });
  });

  const good = queryBytes("web");
  const BROKEN: Record<string, Uint8Array> = {
    "an answer": patched(good, 2, 0x80),
    "another opcode": patched(good, 2, 0x28),
    "two questions": patched(good, 5, 2),
    "a label that reaches beyond the end": patched(good, 12, 63),
    "a pointer in the question": patched(good, 12, 0xc0),
    "a cut question": good.subarray(0, good.length - 1),
    "a cut header": good.subarray(0, 11),
    nothing: new Uint8Array(),
  };
  for (const [what, bytes] of Object.entries(BROKEN))
    test(`refuses ${what}`, () => expect(parseQuery(bytes)).toBeUndefined());

  test("refuses a name of more than 255 bytes", () => {
    const long = Array.from({ length: 5 }, () => "x".repeat(60)).join(".");
    expect(parseQuery(queryBytes(long))).toBeUndefined();
  });

  test("never throws, whatever bytes come", () => {
    let seed = 1;
    const next = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return (seed >> 8) & 0xff;
    };
    for (let round = 0; round < 20_000; round++) {
      const bytes = queryBytes("web.example", { edns: 1232 });
      for (let i = 0; i < 3; i++) bytes[next() % bytes.length] = next();
      parseQuery(bytes.subarray(0, next() % (bytes.length + 1)));
      parseReply(bytes);
      refusal(bytes);
    }
  });
});

describe("refusal()", () => {
  test("says what is wrong, and is silent to answers, which would go on for ever", () => {
    expect(u16(refusal(patched(queryBytes("web"), 2, 0x28))!, 2) & 0xf).toBe(RCODE.NOTIMP);
    expect(u16(refusal(patched(queryBytes("web"), 5, 2))!, 2) & 0xf).toBe(RCODE.FORMERR);
    expect(refusal(patched(queryBytes("web"), 2, 0x81))).toBeUndefined();
    expect(refusal(new Uint8Array(5))).toBeUndefined();
  });
});

describe("writeAnswer()", () => {
  const records = Array.from({ length: 40 }, (_, i) => Uint8Array.of(10, 0, 0, i));
  const answer = { rcode: RCODE.NOERROR, records, ttl: 5 };

  test("gives as many records as fit and marks what it left out", () => {
    const bytes = queryBytes("web");
    const out = writeAnswer(bytes, parseQuery(bytes)!, answer, 512);
    expect(out.length).toBeLessThanOrEqual(512);
    expect(u16(out, 6)).toBe(Math.floor((512 - bytes.length) / 16));
    expect(parseReply(out)).toMatchObject({ isTruncated: true, rcode: 0, minTtl: 5 });
  });

  test("gives all by TCP, and an OPT record to who sent one", () => {
    const bytes = queryBytes("web", { edns: 1232 });
    const out = writeAnswer(bytes, parseQuery(bytes)!, answer, 65_535);
    expect([u16(out, 6), u16(out, 10)]).toEqual([40, 1]);
    expect(parseReply(out)).toMatchObject({ isTruncated: false, minTtl: 5 });
  });
});

test("encodeName() refuses labels and names that are too long", () => {
  expect([...encodeName("ab.c")!]).toEqual([2, 97, 98, 1, 99, 0]);
  expect(encodeName("x".repeat(64))).toBeUndefined();
});

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}
