import { describe, expect, test } from "bun:test";
import { DetachScanner, parseDetachKeys } from "./detach-keys.ts";

test("parseDetachKeys() reads control keys and letters", () => {
  expect([...parseDetachKeys("")]).toEqual([16, 17]);
  expect([...parseDetachKeys("ctrl-@,a,ctrl-_")]).toEqual([0, 97, 31]);
  expect(() => parseDetachKeys("foo")).toThrow("Unknown character: 'foo'");
});

describe("DetachScanner", () => {
  const type = (scanner: DetachScanner, text: string) => {
    const { send, detached } = scanner.push(Buffer.from(text));
    return [Buffer.from(send).toString(), detached];
  };

  test("DetachScanner finds the keys over several pieces and drops what follows", () => {
    const scanner = new DetachScanner(parseDetachKeys("a,b"));
    expect(type(scanner, "xa")).toEqual(["x", false]);
    expect(type(scanner, "by")).toEqual(["", true]);
  });

  test("DetachScanner sends a beginning that came to nothing", () => {
    const scanner = new DetachScanner(parseDetachKeys("a,b"));
    expect(type(scanner, "xaacab")).toEqual(["xaac", true]);
  });
});
