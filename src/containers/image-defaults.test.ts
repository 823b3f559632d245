import { describe, expect, test } from "bun:test";
import type { ContainerConfig } from "#spec/docker/containers.ts";
import { mergeImageConfig } from "./image-defaults.ts";

const image: ContainerConfig = {
  Entrypoint: ["/entry"],
  Cmd: ["serve"],
  Env: ["PATH=/bin", "COLOR=red"],
  User: "app",
  WorkingDir: "/srv",
  ExposedPorts: { "80/tcp": {} },
  Volumes: { "/data": {} },
  Labels: { maker: "us", tier: "back" },
  StopSignal: "SIGQUIT",
  Healthcheck: { Test: ["CMD", "check"], Interval: 5, Retries: 3 },
};

describe("mergeImageConfig()", () => {
  const commands = [
    { name: "nothing", user: {}, entrypoint: ["/entry"], cmd: ["serve"] },
    { name: "a command", user: { Cmd: ["sh"] }, entrypoint: ["/entry"], cmd: ["sh"] },
    { name: "an empty command", user: { Cmd: [] }, entrypoint: ["/entry"], cmd: ["serve"] },
    { name: "an entrypoint", user: { Entrypoint: ["/bin/sh"] }, entrypoint: ["/bin/sh"], cmd: null },
    { name: "both", user: { Entrypoint: ["sh"], Cmd: ["-c"] }, entrypoint: ["sh"], cmd: ["-c"] },
    { name: '--entrypoint ""', user: { Entrypoint: [""], Cmd: ["sh"] }, entrypoint: null, cmd: ["sh"] },
    { name: '--entrypoint "" alone', user: { Entrypoint: [""] }, entrypoint: null, cmd: null },
    { name: "an empty entrypoint", user: { Entrypoint: [] }, entrypoint: null, cmd: ["serve"] },
  ];
  for (const row of commands)
    test(`with ${row.name} decides what runs as docker does`, () => {
      const merged = mergeImageConfig(row.user, image);
      expect([merged.Entrypoint, merged.Cmd]).toEqual([row.entrypoint, row.cmd]);
    });

  test("fills in what the user left out", () => {
    expect(mergeImageConfig({}, image)).toMatchObject({
      User: "app",
      WorkingDir: "/srv",
      StopSignal: "SIGQUIT",
      ExposedPorts: { "80/tcp": {} },
      Volumes: { "/data": {} },
    });
  });

  test("lets the user's variables and labels win and adds the others", () => {
    const merged = mergeImageConfig({ Env: ["COLOR=blue", "EMPTY"], Labels: { tier: "front" } }, image);
    expect(merged.Env).toEqual(["COLOR=blue", "EMPTY", "PATH=/bin"]);
    expect(merged.Labels).toEqual({ maker: "us", tier: "front" });
  });

  test("completes a health check number by number", () => {
    const merged = mergeImageConfig({ Healthcheck: { Interval: 9 } }, image);
    expect(merged.Healthcheck).toMatchObject({ Test: ["CMD", "check"], Interval: 9, Retries: 3 });
    expect(mergeImageConfig({ Healthcheck: { Test: ["NONE"] } }, image).Healthcheck?.Test).toEqual(["NONE"]);
  });
});
