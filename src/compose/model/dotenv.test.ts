import { expect, test } from "bun:test";
import { DotenvError, parseDotenv, parseRawEnv } from "./dotenv.ts";

function read(text: string, outer: Readonly<Record<string, string>> = {}): Record<string, string> {
  const into = new Map<string, string>();
  parseDotenv(text, into, { lookup: (name) => outer[name] });
  return Object.fromEntries(into);
}

const FORMS: readonly { text: string; gives: Record<string, string>; outer?: Record<string, string> }[] = [
  { text: "A=1\nB=2\n", gives: { A: "1", B: "2" } },
  { text: "\uFEFFA=1", gives: { A: "1" } },
  { text: "A=1\r\nB=2\r\n", gives: { A: "1", B: "2" } },
  { text: "# no\n\n  A = b c  \n", gives: { A: "b c" } },
  { text: "A=b #c\nB=b#c", gives: { A: "b", B: "b#c" } },
  { text: "export A=1\nexport  B: 2", gives: { A: "1", B: "2" } },
  { text: 'A=\'$B \\n\'\nC="x\\ty\\""', gives: { A: "$B \\n", C: 'x\ty"' } },
  { text: 'A="one\ntwo" # more\nB=1', gives: { A: "one\ntwo", B: "1" } },
  { text: "A=1\nB=${A}2\nC=${D:-$B}", gives: { A: "1", B: "12", C: "12" } },
  { text: "A=1\nB=$A", gives: { A: "1", B: "outer" }, outer: { A: "outer" } },
  { text: 'A="\\$X $$X"', gives: { A: "$X $X" } },
  { text: "A=\nB", gives: { A: "" } },
  { text: "B\nA=1", gives: { B: "given", A: "1" }, outer: { B: "given" } },
  { text: "a.b-c[0]=1", gives: { "a.b-c[0]": "1" } },
  { text: 'A="\\0101\\q"', gives: { A: "A\\q" } },
];

for (const { text, gives, outer } of FORMS) {
  test(`parseDotenv() reads ${JSON.stringify(text)}`, () => {
    expect(read(text, outer)).toEqual(gives);
  });
}

const MISTAKES: readonly { text: string; says: string }[] = [
  { text: "A=1\nB C=2", says: "line 2: key cannot contain a space" },
  { text: "A=1\n\n%=2", says: 'line 3: unexpected character "%" in variable name "%=2"' },
  { text: "A=1\nexport ", says: "line 2: zero length string" },
  { text: 'A="open\n', says: 'line 1: unterminated quoted value "open' },
];

for (const { text, says } of MISTAKES) {
  test(`parseDotenv() refuses ${JSON.stringify(text)}`, () => {
    expect(() => read(text)).toThrow(says);
  });
}

test("parseRawEnv() takes values as they stand", () => {
  const into = new Map<string, string>();
  parseRawEnv("A='q' # c\n#no\n B=$A \nC\nD\n", into, { lookup: (name) => (name === "C" ? "c" : undefined) });
  expect(Object.fromEntries(into)).toEqual({ A: "'q' # c", B: "$A ", C: "c" });
  expect(() => parseRawEnv("A B=1", into, { lookup: () => undefined })).toThrow(DotenvError);
});
