import { expect, test } from "bun:test";
import { filesToPublish } from "./publish-files.ts";

function publish(
  files: Readonly<Record<string, string>>,
  { withEnvFiles = true, main = ["compose.yaml"] } = {},
) {
  return filesToPublish({
    files: main.map((name) => `/p/${name}`),
    projectDirectory: "/p",
    withEnvFiles,
    read: async (path) => {
      const text = files[path.slice("/p/".length)];
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
  });
}

const texts = (files: Awaited<ReturnType<typeof publish>>) =>
  files.map(({ kind, name, bytes }) => [kind, name, new TextDecoder().decode(bytes)]);

test("filesToPublish() leaves files as they are that name no others", async () => {
  const text = "# a comment\nservices: {a: {image: x, environment: !reset null}}   \n";
  expect(texts(await publish({ "compose.yaml": text }))).toEqual([["compose", "compose.yaml", text]]);
});

test("filesToPublish() brings along what is extended and env files, and changes nothing but their names", async () => {
  const published = await publish({
    "compose.yaml": `
x-more: &more {env_file: "sub/b.env"} # kept
services:
  a: {<<: *more, extends: {file: base.yaml, service: b}}
  b:
    env_file:
      - a.env
      - {path: gone.env, required: false}
`,
    "base.yaml": "services: {b: {extends: {file: compose.yaml, service: b}, env_file: [a.env]}}",
    "a.env": "A=1",
    "sub/b.env": "B=1",
  });
  const named = new Map(
    published.map(({ kind, name, bytes }) => [name, { kind, text: new TextDecoder().decode(bytes) }]),
  );
  const nameOf = (part: string) => [...named].find(([, { text }]) => text === part)![0];
  const main = named.get("compose.yaml")!.text;
  expect([...named.values()].map(({ kind }) => kind).sort()).toEqual([
    "compose",
    "env",
    "env",
    "extended",
    "extended",
  ]);
  expect(nameOf("A=1")).toMatch(/^[0-9a-f]{64}\.env$/);
  const base = /file: ([0-9a-f]{64}\.yaml)/.exec(main)![1]!;
  expect(main).toBe(`
x-more: &more {env_file: ${nameOf("B=1")}} # kept
services:
  a: {<<: *more, extends: {file: ${base}, service: b}}
  b:
    env_file:
      - ${nameOf("A=1")}
      - {path: gone.env, required: false}
`);
  expect(named.get(base)!.text).toContain(`env_file: [${nameOf("A=1")}]`);
});

const REFUSED = [
  { title: "an include of this machine", yaml: "include: [./other.yaml]", says: "includes ./other.yaml" },
  {
    title: "an include with several paths",
    yaml: "include: [{path: [oci://a/b, c.yaml]}]",
    says: "includes c.yaml",
  },
  { title: "a name with a variable", yaml: "services: {a: {env_file: [$X.env]}}", says: "has a variable" },
  {
    title: "an extended file that is missing",
    yaml: "services: {a: {extends: {file: b.yaml, service: b}}}",
    says: "no such file",
  },
];

for (const { title, yaml, says } of REFUSED)
  test(`filesToPublish() refuses ${title}`, async () => {
    expect(publish({ "compose.yaml": yaml })).rejects.toThrow(says);
  });

test("filesToPublish() takes env files only where that was said", async () => {
  const files = { "compose.yaml": "services: {a: {env_file: a.env}}", "a.env": "SECRET=1" };
  expect(publish(files, { withEnvFiles: false })).rejects.toThrow("without its env file a.env");
  expect(await publish({ "compose.yaml": "include: ['oci://h/a']" })).toHaveLength(1);
});
