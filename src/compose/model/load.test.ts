import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadProject, resolveEnvironment } from "./load.ts";
import { projectJson, projectYaml } from "./print-project.ts";
import { selectServices } from "./select.ts";
import type { LoadOptions, Project } from "./types.ts";

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))));

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "compose-load-"));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

async function load(text: string, options: Partial<LoadOptions> = {}): Promise<Project> {
  const currentDirectory = await folder({ "compose.yaml": text });
  return await loadProject({ environment: {}, currentDirectory, projectName: "demo", ...options });
}

async function failure(text: string, options: Partial<LoadOptions> = {}): Promise<string> {
  return await load(text, options).then(
    () => "no failure",
    (error) => String(error.message).replace(/^.*\/(?=compose\.yaml)/, ""),
  );
}

test("loadProject() gives a service without networks the project's default one", async () => {
  const project = await load("services: {web: {image: nginx}}");
  expect(project.services.web?.networks).toEqual({ default: null });
  expect(project.networks.default?.name).toBe("demo_default");
});

test("loadProject() points at the misspelt key and says which one is meant", async () => {
  const message = await failure("services:\n  web:\n    image: nginx\n    enviroment: [A=1]\n");
  expect(message).toBe(
    'compose.yaml:4:5: services.web.enviroment: unknown key "enviroment", did you mean "environment"?\n' +
      "  4 |     enviroment: [A=1]\n    |     ^",
  );
});

test("loadProject() gives interpolated attributes their type", async () => {
  const project = await load('services: {web: {image: x, read_only: "${RO}", cpus: "${CPUS}"}}', {
    environment: { RO: "true", CPUS: "0.5" },
  });
  expect(project.services.web).toMatchObject({ read_only: true, cpus: 0.5 });
});

test("loadProject() keeps services of inactive profiles aside", async () => {
  const text = "services: {a: {image: x}, b: {image: x, profiles: [debug]}}";
  expect(Object.keys((await load(text)).services)).toEqual(["a"]);
  expect(Object.keys((await load(text, { profiles: ["debug"] })).services)).toEqual(["a", "b"]);
});

test("loadProject() refuses a variable that is required and not there, with its place", async () => {
  expect(await failure("services: {web: {image: 'x:${TAG:?say which}'}}")).toStartWith(
    "compose.yaml:1:18: services.web.image: required variable TAG is missing a value: say which\n",
  );
});

test("loadProject() finds dependencies that go round in a circle", async () => {
  expect(
    await failure("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}"),
  ).toContain("dependency cycle detected: a -> b -> a");
});

test("resolveEnvironment() reads the env files of the services that are left", async () => {
  const text = "services: {a: {image: x, environment: [A]}, b: {image: x, env_file: missing.env}}";
  const project = await load(text, { resolveEnvironment: false, environment: { A: "1" } });
  const { services } = await resolveEnvironment(selectServices(project, ["a"], "include"), () => {});
  expect(services.a?.environment).toEqual({ A: "1" });
  await expect(resolveEnvironment(project, () => {})).rejects.toThrow(/missing\.env not found/);
});

test("loadProject() ends includes that go round in a circle", async () => {
  const directory = await folder({ "a.yaml": "include: [b.yaml]", "b.yaml": "include: [a.yaml]" });
  const loading = loadProject({ environment: {}, currentDirectory: directory, files: ["a.yaml"] });
  await expect(loading).rejects.toThrow("include cycle detected");
});

test("loadProject() reads standard input where the file is a dash", async () => {
  const directory = await folder({});
  const project = await loadProject({
    environment: {},
    currentDirectory: directory,
    files: ["-"],
    projectName: "demo",
    readStandardInput: async () => "services: {web: {image: nginx, volumes: ['./a:/a']}}",
  });
  expect(project.files).toEqual(["-"]);
  expect(project.services.web?.volumes?.[0]?.source).toBe(`${directory}/a`);
});

test("projectJson() refuses what JSON has no number for", async () => {
  const project = await load("x-a: .inf\nservices: {web: {image: x}}");
  expect(() => projectJson(project)).toThrow("json: unsupported value: +Inf");
  expect(projectYaml(project)).toEndWith("x-a: .inf\n");
});
