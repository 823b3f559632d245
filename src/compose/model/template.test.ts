import { expect, test } from "bun:test";
import { substitute, TemplateError } from "./template.ts";

const KNOWN: Readonly<Record<string, string>> = { A: "a", EMPTY: "", N_1: "n" };

function apply(template: string): string {
  return substitute(template, { lookup: (name) => KNOWN[name] });
}

const FORMS: readonly (readonly [template: string, result: string])[] = [
  ["plain", "plain"],
  ["$ $1 a$", "$ $1 a$"],
  ["$A-${A}", "a-a"],
  ["$N_1$NOT", "n"],
  ["$$A $${A}", "$A ${A}"],
  ["${NOT:-x}${NOT-x}${EMPTY:-x}${EMPTY-x}", "xxx"],
  ["${A:+x}${A+x}${EMPTY:+x}${EMPTY+x}${NOT+x}", "xxx"],
  ["${A:?no}${EMPTY?no}", "a"],
  ["${NOT:-${A:-b}c}d", "acd"],
  ["${NOT:-a:-b}", "a:-b"],
  ["${NOT:-} end", " end"],
  ["${NOT:-$$}", "$"],
  ["${NOT:-a} and ${A}", "a and a"],
];

for (const [template, result] of FORMS) {
  test(`substitute() makes ${JSON.stringify(result)} of ${template}`, () => {
    expect(apply(template)).toBe(result);
  });
}

for (const template of ["${", "${}", "${A", "${1}", "${A!}", "${A_${A}}"]) {
  test(`substitute() refuses ${template}`, () => {
    expect(() => apply(template)).toThrow(TemplateError);
  });
}

test("substitute() says which variable is required, and why", () => {
  expect(() => apply("${NOT:?ask $A}")).toThrow("required variable NOT is missing a value: ask a");
  expect(() => apply("${NOT?}")).toThrow(/^required variable NOT is missing a value$/);
});

test("substitute() tells of variables without a value, not of those with a default", () => {
  const unset: string[] = [];
  substitute("$X ${Y:-d} ${Z}", { lookup: () => undefined, onUnset: (name) => unset.push(name) });
  expect(unset).toEqual(["X", "Z"]);
});

test("substitute() stops at variables nested without end", () => {
  expect(() => apply("${A:+".repeat(200) + "}".repeat(200))).toThrow("nested too deep");
});
