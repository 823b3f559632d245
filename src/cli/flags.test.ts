import { describe, expect, test } from "bun:test";
import {
  bool,
  bytes,
  cpus,
  duration,
  filter,
  int,
  list,
  map,
  string,
  strings,
  stringToString,
  uint16,
} from "./flag-kinds.ts";
import { parseFlags } from "./flags.ts";

const FLAGS = {
  all: bool("", { short: "a" }),
  tty: bool("", { short: "t" }),
  name: string(""),
  publish: list("", { short: "p" }),
  memory: bytes("", { short: "m" }),
  swap: bytes("", { allowUnlimited: true }),
  last: int("", { short: "n", initial: -1 }),
  weight: uint16(""),
  filter: filter("", { short: "f" }),
  opt: map("", { short: "o" }),
  alias: strings(""),
  pairs: stringToString(""),
  wait: duration(""),
  cpus: cpus(""),
  time: int("", { aliasOf: "last", deprecated: "use --last instead" }),
};

const parse = (...args: string[]) => parseFlags(args, FLAGS, { interspersed: true });

describe("parseFlags()", () => {
  test("parseFlags() takes long and short forms with and without '='", () => {
    const { values, rest } = parse(
      "--name=a",
      "-p80:80",
      "-p",
      "81",
      "-p=82",
      "x",
      "--last",
      "3",
      "-at",
      "y",
    );
    expect(values).toMatchObject({
      name: "a",
      publish: ["80:80", "81", "82"],
      last: 3,
      all: true,
      tty: true,
    });
    expect(rest).toEqual(["x", "y"]);
  });

  test("parseFlags() leaves everything after the first argument alone when told so", () => {
    const { rest, values } = parseFlags(["-a", "image", "-t", "--foo"], FLAGS, { interspersed: false });
    expect(rest).toEqual(["image", "-t", "--foo"]);
    expect(values).toMatchObject({ all: true, tty: false });
  });

  test("parseFlags() ends flags at -- and takes - as an argument", () => {
    expect(parse("-", "--", "-a").rest).toEqual(["-", "-a"]);
  });

  test("parseFlags() tells given flags from defaults", () => {
    const { given, values } = parse("--all=false");
    expect([...given]).toEqual(["all"]);
    expect(values).toMatchObject({ all: false, last: -1, name: "" });
  });

  test("parseFlags() reads the values of every kind", () => {
    const args = [
      "-m",
      "1.5g",
      "--swap",
      "-1",
      "--weight",
      "10",
      "-f",
      "label=a=b",
      "-f",
      "LABEL=c",
      "-o",
      "k=v",
    ];
    const more = [
      "-o",
      "bare",
      "--alias",
      'a,"b,c"',
      "--alias",
      "d",
      "--pairs",
      "a=1,b=2",
      "--wait",
      "1m30s",
      "--cpus",
      "1.5",
    ];
    expect(parse(...args, ...more).values).toMatchObject({
      memory: 1.5 * 1024 ** 3,
      swap: -1,
      weight: 10,
      filter: { label: ["a=b", "c"] },
      opt: { k: "v", bare: "" },
      alias: ["a", "b,c", "d"],
      pairs: { a: "1", b: "2" },
      wait: 90e9,
      cpus: 1.5e9,
    });
  });

  test("parseFlags() takes an old name for the new flag and says so", () => {
    const { values, warnings } = parse("--time", "5");
    expect(values.last).toBe(5);
    expect(warnings).toEqual(["Flag --time has been deprecated, use --last instead"]);
  });

  test("parseFlags() notices that help is wanted", () => {
    expect(parse("x", "--help").wantsHelp).toBe(true);
    expect(parse("-h").wantsHelp).toBe(true);
  });

  const failures: [args: string[], message: string][] = [
    [["--foo"], "unknown flag: --foo"],
    [["-x"], "unknown shorthand flag: 'x' in -x"],
    [["-axt"], "unknown shorthand flag: 'x' in -xt"],
    [["--name"], "flag needs an argument: --name"],
    [["-ap"], "flag needs an argument: 'p' in -p"],
    [["--=x"], "bad flag syntax: --=x"],
    [["---"], "bad flag syntax: ---"],
    [
      ["--all=maybe"],
      'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      ["-n", "x"],
      'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ["--weight", "70000"],
      'invalid argument "70000" for "--weight" flag: strconv.ParseUint: parsing "70000": value out of range',
    ],
    [["-m", "abc"], 'invalid argument "abc" for "-m, --memory" flag: invalid size: \'abc\''],
    [["-f", "x"], 'invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)'],
    [["--wait", "x"], 'invalid argument "x" for "--wait" flag: time: invalid duration "x"'],
    [["--cpus", "x"], 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'],
    [["--cpus", "0.0000000001"], 'invalid argument "0.0000000001" for "--cpus" flag: value is too precise'],
    [["--alias", '"a'], 'extraneous or missing " in quoted-field'],
  ];
  for (const [args, message] of failures)
    test(`parseFlags() refuses ${args.join(" ")} in Docker's words`, () =>
      expect(() => parse(...args)).toThrow(message));
});
