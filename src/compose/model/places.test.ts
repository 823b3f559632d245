/** Where errors point to when a project is made of several files, and what `--no-interpolate` leaves alone. */
import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadProject, loadProjectModel } from "./load.ts";
import type { LoadOptions } from "./types.ts";

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))));

async function options(files: Readonly<Record<string, string>>): Promise<LoadOptions> {
  const currentDirectory = await mkdtemp(join(tmpdir(), "compose-places-"));
  directories.push(currentDirectory);
  for (const [name, text] of Object.entries(files)) await writeFile(join(currentDirectory, name), text);
  return { environment: {}, currentDirectory, projectName: "demo" };
}

const WRONG: { title: string; files: Record<string, string>; use?: string[]; says: string }[] = [
  {
    title: "in the file that is included",
    files: {
      "compose.yaml": "include: [a.yaml]",
      "a.yaml": "services:\n  a:\n    image: x\n    mem_limit: lots",
    },
    says: "a.yaml:4:5: services.a.mem_limit",
  },
  {
    title: "in the file that is extended",
    files: {
      "compose.yaml": "services: {a: {extends: {file: b.yaml, service: b}}}",
      "b.yaml": "services:\n  b:\n    image: x\n    environment: {A: [1]}",
    },
    says: "b.yaml:4:19: services.a.environment.A",
  },
  {
    title: "where a service is named that the extended file does not have",
    files: {
      "compose.yaml": "services:\n  a:\n    extends: {file: b.yaml, service: z}",
      "b.yaml": "services: {}",
    },
    says: "compose.yaml:3:5: ",
  },
  {
    title: "in the file that was merged over another",
    files: {
      "one.yaml": "services: {a: {image: x}}",
      "two.yaml": 'services:\n  a: {ports: [{target: "x"}]}',
    },
    use: ["one.yaml", "two.yaml"],
    says: "two.yaml:2:16: services.a.ports[0].target",
  },
  {
    title: "in the first file, though the second has the service too",
    files: {
      "one.yaml": "services:\n  a: {image: x, cpus: many}",
      "two.yaml": "services: {a: {labels: {b: c}}}",
    },
    use: ["one.yaml", "two.yaml"],
    says: "one.yaml:2:17: services.a.cpus",
  },
  {
    title: "at what an alias brought along",
    files: { "compose.yaml": "x-a: &a\n  mem_limit: lots\nservices:\n  a: {<<: *a, image: x}" },
    says: "compose.yaml:2:3: services.a.mem_limit",
  },
  {
    title: "in the second document of a file",
    files: { "compose.yaml": "services: {a: {image: x}}\n---\nservices:\n  a: {restrat: no}" },
    says: "compose.yaml:4:7: services.a.restrat",
  },
  {
    title: "at the top of a file that is a list",
    files: { "compose.yaml": "- a\n- b" },
    says: "compose.yaml:1:1: top-level",
  },
];

for (const { title, files, use, says } of WRONG)
  test(`loadProject() points to what is wrong ${title}`, async () => {
    const load = await options(files);
    const error = await loadProject({ ...load, ...(use ? { files: use } : {}) }).catch((failure) => failure);
    expect(error.message.replaceAll(`${load.currentDirectory}/`, "")).toStartWith(says);
  });

test("loadProject() says whose env file is missing", async () => {
  const load = await options({ "compose.yaml": "services: {a: {image: x, env_file: none.env}}" });
  const error = await loadProject(load).catch((failure) => failure);
  expect(error.message).toMatch(
    /^service "a": env file \/.*none\.env not found: stat .*: no such file or directory$/,
  );
});

test("a tree without interpolation has neither values of secrets nor of variables that are only named", async () => {
  const yaml = `
services: {a: {image: x, environment: [TOKEN, "B=$TOKEN"]}}
secrets: {s: {environment: TOKEN}}
configs: {c: {environment: TOKEN}}`;
  const load = await options({ "compose.yaml": yaml });
  const { tree } = await loadProjectModel({ ...load, environment: { TOKEN: "hidden" }, interpolate: false });
  expect(JSON.stringify(tree)).not.toContain("hidden");
});
