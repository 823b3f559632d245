import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { decode } from "./decode.ts";
import { ContainerCreateSchema } from "./schemas/containers.ts";
import {
  fields,
  mapOf,
  nullable,
  oneOf,
  text,
  textMap,
  texts,
  textsOrText,
  whole,
  yesNo,
} from "./schemas/kinds.ts";
import { NetworkCreateSchema } from "./schemas/networks.ts";

const schema = fields({
  Image: text,
  Memory: whole,
  Tty: yesNo,
  Labels: textMap,
  Cmd: textsOrText,
  Env: texts,
  Policy: oneOf("", "no", "always"),
  Size: Type.Array(whole, { minItems: 2, maxItems: 2 }),
  Ports: mapOf(nullable(Type.Array(fields({ HostPort: text })))),
  Anything: Type.Unknown(),
});

describe("decode()", () => {
  test("keeps known fields and ignores the rest", () => {
    expect(decode(schema, { Image: "a", Unknown: 1, Anything: [1, { x: 2 }] })).toEqual({
      Image: "a",
      Anything: [1, { x: 2 }],
    });
  });

  test("matches names whatever their case", () => {
    expect(decode(schema, { image: "a", MEMORY: 5 })).toEqual({ Image: "a", Memory: 5 });
  });

  test("reads null as absent, and inside lists and maps as the type's zero", () => {
    expect(decode(schema, { Image: null, Env: [null, "a"], Labels: { a: null } })).toEqual({
      Env: ["", "a"],
      Labels: { a: "" },
    });
  });

  test("keeps null where it is a value of its own", () => {
    expect(decode(schema, { Ports: { "80/tcp": null, "81/tcp": [{ HostPort: "1" }] } })).toEqual({
      Ports: { "80/tcp": null, "81/tcp": [{ HostPort: "1" }] },
    });
  });

  test("takes one text for a list of one, where Docker does", () => {
    expect(decode(schema, { Cmd: "ls -l" })).toEqual({ Cmd: ["ls -l"] });
  });

  test("keeps keys that JavaScript gives a meaning", () => {
    const labels = decode(schema, JSON.parse('{"Labels":{"__proto__":"x","constructor":"y"}}')).Labels!;
    expect(Object.entries(labels)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  const refused: [value: unknown, message: string][] = [
    [[], "invalid JSON: the body must be an object, not a list"],
    ["x", "invalid JSON: the body must be an object, not a text"],
    [{ Image: 5 }, "invalid JSON: Image must be a text, not 5"],
    [{ Memory: "64m" }, "invalid JSON: Memory must be a whole number, not a text"],
    [{ Memory: 1.5 }, "invalid JSON: Memory must be a whole number, not 1.5"],
    [{ Memory: 1e30 }, "invalid JSON: Memory is out of range: 1e+30"],
    [{ Tty: "yes" }, "invalid JSON: Tty must be true or false, not a text"],
    [{ Labels: { a: 1 } }, "invalid JSON: Labels.a must be a text, not 1"],
    [{ Env: ["a", {}] }, "invalid JSON: Env[1] must be a text, not an object"],
    [{ Env: "a" }, "invalid JSON: Env must be a list, not a text"],
    [{ Policy: "often" }, 'invalid JSON: Policy must be one of no, always, not "often"'],
    [{ Size: [1] }, "invalid JSON: Size must have 2 items, not 1"],
    [
      { Ports: { "80/tcp": [{ hostport: 80 }] } },
      "invalid JSON: Ports.80/tcp[0].HostPort must be a text, not 80",
    ],
  ];
  for (const [value, message] of refused)
    test(`refuses ${JSON.stringify(value)}`, () => expect(() => decode(schema, value)).toThrow(message));

  test("names the path through a real body", () => {
    const body = { Image: "a", HostConfig: { Mounts: [{ BindOptions: { NonRecursive: "no" } }] } };
    expect(() => decode(ContainerCreateSchema, body)).toThrow(
      "invalid JSON: HostConfig.Mounts[0].BindOptions.NonRecursive must be true or false, not a text",
    );
  });

  test("misses what must be there", () => {
    expect(() => decode(NetworkCreateSchema, { Driver: "bridge" })).toThrow("invalid JSON: Name is missing");
  });
});
