import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import type { LogConfig } from "#spec/docker/containers.ts";
import { checkLogConfig, isReadable, type LogSubject, planLog } from "./options.ts";

const web: LogSubject = {
  id: "4f3e0123456789abcdef",
  name: "web",
  imageName: "nginx",
  config: { Labels: { tier: "front", "com.x": "1" }, Env: ["COLOR=red=ish", "SECRET=1"] },
};

describe("planLog()", () => {
  test("bounds the log when nobody said how much to keep", () => {
    expect(planLog({ Type: "json-file" }, web)).toEqual({ maxBytes: 104857600, maxFiles: 5, attrs: {} });
  });

  test("keeps one file of the size asked for, as docker does, and more when asked", () => {
    expect(planLog({ Type: "json-file", Config: { "max-size": "10m" } }, web)).toMatchObject({
      maxBytes: 10485760,
      maxFiles: 1,
    });
    expect(planLog({ Type: "json-file", Config: { "max-size": "10k", "max-file": "3" } }, web)).toMatchObject(
      {
        maxBytes: 10240,
        maxFiles: 3,
      },
    );
    expect(planLog({ Type: "json-file", Config: { "max-size": "-1" } }, web)).toMatchObject({ maxBytes: 0 });
  });

  test("gives every line the labels, variables and tag that were chosen", () => {
    const config = {
      labels: "tier, none",
      "labels-regex": "^com\\.",
      env: "COLOR",
      tag: "{{.Name}}/{{.ID}}/{{.Nope}}",
    };
    expect(planLog({ Type: "json-file", Config: config }, web)?.attrs).toEqual({
      tier: "front",
      "com.x": "1",
      COLOR: "red=ish",
      tag: "web/4f3e01234567/{{.Nope}}",
    });
  });

  test("keeps nothing with the driver none", () => {
    expect(planLog({ Type: "none" }, web)).toBeUndefined();
    expect([isReadable({ Type: "none" }), isReadable({ Type: "local" })]).toEqual([false, true]);
  });
});

describe("checkLogConfig()", () => {
  const refused: { config: LogConfig; text: string }[] = [
    { config: { Type: "fluffy" }, text: "logger: no log driver named 'fluffy' is registered" },
    {
      config: { Type: "json-file", Config: { size: "1" } },
      text: "unknown log opt 'size' for json-file log driver",
    },
    { config: { Type: "json-file", Config: { "max-size": "big" } }, text: "invalid size: 'big'" },
    {
      config: { Type: "json-file", Config: { "max-file": "0" } },
      text: 'invalid value for "max-file" log opt',
    },
    {
      config: { Type: "json-file", Config: { "env-regex": "(" } },
      text: 'invalid value for "env-regex" log opt',
    },
  ];
  for (const row of refused)
    test(`refuses ${JSON.stringify(row.config)}`, () => {
      expect(() => checkLogConfig(row.config)).toThrow(InvalidArgument);
      expect(() => checkLogConfig(row.config)).toThrow(row.text);
    });
});
