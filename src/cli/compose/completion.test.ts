import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeEngine } from "../_fake-engine.ts";
import { recordingHost } from "../_recording-host.ts";
import { runCli } from "../cli.ts";

const directory = mkdtempSync(join(tmpdir(), "completion-"));
const file = join(directory, "compose.yaml");
let engine: FakeEngine;

const container = (project: string, service: string) => ({
  Id: service,
  Names: [`/${project}-${service}-1`],
  State: "running",
  Labels: { "com.docker.compose.project": project, "com.docker.compose.service": service },
});

beforeAll(async () => {
  writeFileSync(
    file,
    `
services:
  web: {image: "x:\${TAG}"}
  worker: {image: x, profiles: [jobs, more]}
  db: {image: x}
`,
  );
  const json = [container("shop", "till"), container("other", "a")];
  engine = await new FakeEngine({
    "GET /_ping": { json: {} },
    "GET /containers/json": ({ path }) => ({ json: path.includes("shop") ? json.slice(0, 1) : json }),
  }).listen();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** The words offered for the last word. */
async function offered(...words: string[]): Promise<string[]> {
  const host = recordingHost({ env: { DOCKER_HOST: engine.host, HOME: directory } });
  await runCli(["__complete", "--", "compose", ...words], host);
  expect(host.stderrText).toBe("");
  return host.stdoutText.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0]!]));
}

test("compose completes verbs and its own flags, and leaves out what is hidden", async () => {
  expect(await offered("st")).toEqual(["start", "stats", "stop"]);
  expect(await offered("-f", file, "con")).toEqual(["config"]);
  expect(await offered("--pro")).toEqual([
    "--profile",
    "--progress",
    "--project-directory",
    "--project-name",
  ]);
  expect(await offered("nosuch", "")).toEqual([]);
});

test("verbs complete their flags, and services that are not named yet, of every profile", async () => {
  expect(await offered("-f", file, "up", "--exit")).toEqual(["--exit-code-from"]);
  expect(await offered("-f", file, "up", "-d", "")).toEqual(["db", "web", "worker"]);
  expect(await offered("-f", file, "up", "web", "w")).toEqual(["worker"]);
  expect(await offered("-f", file, "exec", "-T", "d")).toEqual(["db"]);
  expect(await offered("-f", file, "exec", "db", "")).toEqual([]);
  expect(await offered("-f", file, "ls", "")).toEqual([]);
});

test("flags complete their values where there is a list of them", async () => {
  expect(await offered("-f", file, "--profile", "")).toEqual(["jobs", "more"]);
  expect(await offered("-f", file, "--progress", "p")).toEqual(["plain"]);
  expect(await offered("-f", file, "up", "--scale", "w")).toEqual(["web=", "worker="]);
  expect(await offered("-f", file, "up", "--exit-code-from", "")).toEqual(["db", "web", "worker"]);
  expect(await offered("-f", "")).toEqual([]);
  expect(await offered("-p", "")).toEqual(["other", "shop"]);
});

test("services of a project without files are those of its containers; broken and remote files have none", async () => {
  expect(await offered("-p", "shop", "-f", join(directory, "none.yaml"), "stop", "")).toEqual(["till"]);
  expect(await offered("-f", join(directory, "none.yaml"), "stop", "")).toEqual([]);
  expect(await offered("-f", "oci://127.0.0.1:1/a", "stop", "")).toEqual([]);
});
