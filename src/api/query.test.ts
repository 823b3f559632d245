import { describe, expect, test } from "bun:test";
import { Query } from "./query.ts";

describe("Query", () => {
  test("boolean() follows Docker: five words are no, the rest is yes", () => {
    for (const no of ["", "0", "no", "False", "none", " 0 "])
      expect(new Query(`a=${no}`).boolean("a", true)).toBe(false);
    for (const yes of ["1", "true", "yes", "maybe"]) expect(new Query(`a=${yes}`).boolean("a")).toBe(true);
    expect(new Query("").boolean("a", true)).toBe(true);
  });

  test("integer() wants a whole number", () => {
    expect(new Query("h=24&t=-1").integer("h")).toBe(24);
    expect(new Query("h=24&t=-1").integer("t")).toBe(-1);
    expect(new Query("").optionalInteger("h")).toBeUndefined();
    for (const bad of ["h=x", "h=1.5", "h=1e3", ""])
      expect(() => new Query(bad).integer("h")).toThrow("for query parameter h: expected a whole number");
  });

  test("nanoseconds() keeps all nine digits", () => {
    expect(new Query("since=1795231951.944941680").nanoseconds("since")).toBe(1795231951944941680n);
    expect(new Query("since=12.5").nanoseconds("since")).toBe(12_500_000_000n);
    expect(new Query("since=0").nanoseconds("since")).toBeUndefined();
    expect(() => new Query("since=yesterday").nanoseconds("since")).toThrow("expected seconds since 1970");
  });

  test("list() gives every value and text() decodes them", () => {
    expect(new Query("names=a&names=b%2Fc").list("names")).toEqual(["a", "b/c"]);
    expect(new Query("q=a+b%20c").text("q")).toBe("a b c");
  });

  test("filters() reads what clients send", () => {
    expect(new Query(`filters=${encodeURIComponent('{"label":{"a=b":true}}')}`).filters()).toEqual({
      label: ["a=b"],
    });
  });
});
