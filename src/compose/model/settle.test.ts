import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { settle } from "./settle.ts";
import type { LoadOptions } from "./types.ts";

const root = await mkdtemp(join(tmpdir(), "compose-settle-"));
afterAll(() => rm(root, { recursive: true, force: true }));
let count = 0;

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, String(count++));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

function at(currentDirectory: string, options: Partial<LoadOptions> = {}) {
  return settle({ currentDirectory, environment: {}, ...options }, async (name) => `/fetched/${name}/file`);
}

test("settle() prefers compose.yaml, takes the override file with it and says what it leaves aside", async () => {
  const directory = await folder({
    "compose.yaml": "",
    "docker-compose.yml": "",
    "docker-compose.override.yml": "",
  });
  const warnings: string[] = [];
  const { files, projectDirectory } = await at(directory, { warn: (text) => warnings.push(text) });
  expect(files).toEqual([join(directory, "compose.yaml"), join(directory, "docker-compose.override.yml")]);
  expect(projectDirectory).toBe(directory);
  expect(warnings[0]).toStartWith("Found multiple config files with supported names: ");
});

test("settle() searches upward from where it is", async () => {
  const directory = await folder({ "compose.yml": "", ".env": "A=top", "sub/deep/.env": "A=deep\nB=deep" });
  const { files, projectDirectory, environment } = await at(join(directory, "sub/deep"));
  expect(files).toEqual([join(directory, "compose.yml")]);
  expect(projectDirectory).toBe(directory);
  expect([environment.get("A"), environment.get("B")]).toEqual(["deep", "deep"]);
});

test("settle() takes no override file where files are named", async () => {
  const directory = await folder({ "a.yaml": "", "compose.override.yaml": "" });
  const { files } = await at(directory, { files: ["a.yaml"] });
  expect(files).toEqual([join(directory, "a.yaml")]);
});

test("settle() reads COMPOSE_FILE from .env, with its separator", async () => {
  const directory = await folder({ ".env": "COMPOSE_FILE=a.yaml,b.yaml\nCOMPOSE_PATH_SEPARATOR=,\n" });
  const { files } = await at(directory);
  expect(files).toEqual([join(directory, "a.yaml"), join(directory, "b.yaml")]);
});

test("settle() lets the process's variables win over env files, and later env files over earlier", async () => {
  const directory = await folder({
    "compose.yaml": "",
    "1.env": "A=1\nB=1\nC=1",
    "2.env": "B=2\nC=2\nD=${A}${B}",
  });
  const { environment } = await at(directory, { envFiles: ["1.env", "2.env"], environment: { C: "own" } });
  expect(Object.fromEntries(environment)).toMatchObject({ A: "1", B: "2", C: "own", D: "12" });
});

test("settle() reads the env files of COMPOSE_ENV_FILES, and no .env when that is switched off", async () => {
  const directory = await folder({
    "compose.yaml": "",
    ".env": "A=standard",
    "1.env": "A=1",
    "2.env": "A=2",
  });
  const value = async (environment: Record<string, string>) =>
    (await at(directory, { environment })).environment.get("A");
  expect(await value({})).toBe("standard");
  expect(await value({ COMPOSE_ENV_FILES: "1.env,2.env" })).toBe("2");
  expect(await value({ COMPOSE_DISABLE_ENV_FILE: "1" })).toBeUndefined();
  await expect(value({ COMPOSE_DISABLE_ENV_FILE: "maybe" })).rejects.toThrow("COMPOSE_DISABLE_ENV_FILE");
});

test("settle() takes profiles from flags, else from COMPOSE_PROFILES", async () => {
  const directory = await folder({ "compose.yaml": "" });
  const environment = { COMPOSE_PROFILES: "a, b," };
  expect((await at(directory, { environment })).profiles).toEqual(["a", "b"]);
  expect((await at(directory, { environment, profiles: ["c"] })).profiles).toEqual(["c"]);
});

test("settle() refuses a project name that no engine could use", async () => {
  const directory = await folder({ "compose.yaml": "" });
  await expect(at(directory, { projectName: "My App" })).rejects.toThrow('invalid project name "My App"');
  await expect(at(directory, { environment: { COMPOSE_PROJECT_NAME: "-x" } })).rejects.toThrow(
    "invalid project name",
  );
  expect((await at(directory, { projectName: "my-app_1" })).explicitName).toBe("my-app_1");
});

test("settle() says when there is no Compose file, and when an env file is missing", async () => {
  const directory = await folder({ "other/x": "" });
  await expect(at(directory)).rejects.toThrow("no configuration file provided: not found");
  await expect(at(directory, { envFiles: ["nope.env"] })).rejects.toThrow(/env file .*nope\.env not found/);
});

test("settle() takes the copies of remote files; paths begin there, the project stands where it is called", async () => {
  const directory = await folder({ "local.yaml": "" });
  const settled = await at(directory, { files: ["oci://h/a", "local.yaml"] });
  expect(settled.files).toEqual(["/fetched/oci://h/a/file", join(directory, "local.yaml")]);
  expect([settled.projectDirectory, settled.pathDirectory]).toEqual([directory, "/fetched/oci://h/a"]);
  const chosen = await at(directory, { files: ["oci://h/a"], projectDirectory: "/here" });
  expect([chosen.projectDirectory, chosen.pathDirectory]).toEqual(["/here", "/here"]);
});
