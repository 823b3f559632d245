import { describe, expect, test } from "bun:test";
import { isValidName, pickName } from "./names.ts";

describe("pickName()", () => {
  test("gives a valid pair of words", () => {
    const name = pickName(Math.random, () => false);
    expect(name).toMatch(/^[a-z]+_[a-z]+$/);
    expect(isValidName(name)).toBe(true);
  });

  test("adds digits when the pairs it tried are taken", () => {
    expect(pickName(Math.random, (name) => !/\d/.test(name))).toMatch(/^[a-z]+_[a-z]+\d+$/);
  });
});

describe("isValidName()", () => {
  const table = {
    web: true,
    "web-1.a_b": true,
    "9a": true,
    a: false,
    "-a": false,
    "a/b": false,
    "": false,
    "a b": false,
  };
  for (const [name, valid] of Object.entries(table))
    test(`says ${valid} to ${JSON.stringify(name)}`, () => {
      expect(isValidName(name)).toBe(valid);
    });
});
