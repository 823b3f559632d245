import { expect, test } from "bun:test";
import { Places } from "./tree.ts";
import { readYaml } from "./yaml-read.ts";

function read(text: string): unknown {
  return readYaml("f.yaml", text, new Places())[0]?.tree;
}

function firstLine(text: string): string {
  try {
    read(text);
    return "accepted";
  } catch (error) {
    return (error as Error).message.split("\n")[0]!;
  }
}

const SCALARS: readonly (readonly [text: string, value: unknown])[] = [
  ["yes", "yes"],
  ["True", true],
  ["~", null],
  ["", null],
  ["0755", 493],
  ["0o17", 15],
  ["0x1F", 31],
  ["0b101", 5],
  ["1_000", 1000],
  ["08", 8],
  ["1:30", "1:30"],
  [".5", 0.5],
  ["1e3", 1000],
  ["1e400", "1e400"],
  ["18446744073709551615", 18446744073709551615n],
  ["2020-01-01", "2020-01-01 00:00:00 +0000 UTC"],
  ["2020-1-2T3:4:5.250Z", "2020-01-02 03:04:05.25 +0000 UTC"],
  ["2020-01-01T00:00:00+02:00", "2020-01-01 00:00:00 +0200 +0200"],
  ["2020-13-01", "2020-13-01"],
  ["'1'", "1"],
  ["!!str 1", "1"],
  ["!!float 1", 1],
];

for (const [text, value] of SCALARS) {
  test(`readYaml() reads ${text || "nothing"} as ${value}`, () => {
    expect((read(`a: ${text}`) as { a: unknown }).a).toEqual(value);
  });
}

test("readYaml() lets a mapping's own keys win over those it merges, and the first of several sources", () => {
  const text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}";
  expect((read(text) as { z: object }).z).toEqual({ a: 1, b: 1, c: 3 });
});

test("readYaml() tells what a later file resets", () => {
  const [document] = readYaml("f.yaml", "a: {b: !reset null, c: !override [1]}\nd: !reset", new Places());
  expect(document?.tree).toEqual({ a: { c: [1] } });
  expect(document?.resets).toEqual([["a", "b"], ["a", "c"], ["d"]]);
});

const MISTAKES: readonly (readonly [text: string, says: string])[] = [
  ["a: 1\nb:\n  c: 1\n  c: 2", 'f.yaml:4:3: the key "c" is there already, in line 3'],
  ["a: *b", 'f.yaml:1:4: unknown anchor "b"'],
  ["a: &a [*a]", "f.yaml:1:7: an alias leads back to itself"],
  ["a: {1: 2}", 'f.yaml:1:5: a: a key must be a string, "1" is an integer: quote it'],
  ["a: {<<: 1}", "f.yaml:1:9: a: << merges a mapping or a list of mappings"],
  ["a: !!int x", 'f.yaml:1:10: "x" is not a !!int'],
  ["a: !!set x", "f.yaml:1:10: the tag !!set has no meaning here"],
];

for (const [text, says] of MISTAKES) {
  test(`readYaml() refuses ${JSON.stringify(text)}`, () => {
    expect(firstLine(text)).toBe(says);
  });
}

test("readYaml() shows the line of a mistake with a mark below its column", () => {
  expect(() => read("a: 1\n\tb: 2")).toThrow("\n  2 | \tb: 2\n    | ");
});

test("readYaml() ends at aliases that multiply without end", () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const items =
      level === 0
        ? "x"
        : Array(9)
            .fill(`*l${level - 1}`)
            .join(", ");
    return `l${level}: &l${level} [${items}]`;
  });
  expect(firstLine(levels.join("\n"))).toContain("the document has more than 100000 values");
});

test("readYaml() ends at values nested too deep", () => {
  expect(firstLine(`a: ${"[".repeat(500)}${"]".repeat(500)}`)).toContain("nested deeper than 200 levels");
});

test("readYaml() keeps __proto__ as a key like any other", () => {
  const tree = read("__proto__: {polluted: true}") as Record<string, unknown>;
  expect(Object.keys(tree)).toEqual(["__proto__"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
