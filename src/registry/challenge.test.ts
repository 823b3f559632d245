import { expect, test } from "bun:test";
import { parseChallenges } from "./challenge.ts";

test("parseChallenges() reads a token server's challenge with commas within quotes", () => {
  const header =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull,push",error="insufficient_scope"';
  expect(parseChallenges(header)).toEqual([
    {
      scheme: "bearer",
      parameters: {
        realm: "https://auth.docker.io/token",
        service: "registry.docker.io",
        scope: "repository:library/x:pull,push",
        error: "insufficient_scope",
      },
    },
  ]);
});

test("parseChallenges() reads several challenges joined by commas", () => {
  expect(parseChallenges('Basic realm="a b", Bearer realm=b , service = "c"')).toEqual([
    { scheme: "basic", parameters: { realm: "a b" } },
    { scheme: "bearer", parameters: { realm: "b", service: "c" } },
  ]);
  expect(parseChallenges("Negotiate, Basic realm=x")).toEqual([
    { scheme: "negotiate", parameters: {} },
    { scheme: "basic", parameters: { realm: "x" } },
  ]);
});

test("parseChallenges() takes back escapes and the first of a parameter given twice", () => {
  expect(parseChallenges('Basic realm="a\\"b\\\\", realm="second"')[0]?.parameters.realm).toBe('a"b\\');
});

test("parseChallenges() makes nothing dangerous of garbage", () => {
  const garbage = [null, undefined, "", "=", '"', 'Bearer realm="unclosed', "Bearer =x", ",,,", "\u0000 a=b"];
  for (const { scheme, parameters } of garbage.flatMap((header) => parseChallenges(header))) {
    expect(scheme).toMatch(/^[!-~]+$/);
    expect(parameters.realm).toBeUndefined();
  }
});

test("parseChallenges() does not let a parameter reach an object's own members", () => {
  const [challenge] = parseChallenges('Bearer __proto__="x", constructor="y"');
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(Object.entries(challenge!.parameters)).toContainEqual(["constructor", "y"]);
});

test("parseChallenges() answers soon for a header made to be slow", () => {
  expect(parseChallenges(`${"a=,".repeat(20_000)}`).length).toBeLessThan(2);
  expect(parseChallenges(`Bearer ${'x="\\\\'.repeat(10_000)}`)).toHaveLength(1);
});
