import { afterAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeEngine } from "../../_fake-engine.ts";
import { recordingHost } from "../../_recording-host.ts";
import { runCli } from "../../cli.ts";

const directory = await mkdtemp(join(tmpdir(), "compose-config-"));
afterAll(() => rm(directory, { recursive: true, force: true }));

const FILE = join(directory, "compose.yaml");
await writeFile(
  FILE,
  `name: demo
services:
  web:
    image: "nginx:\${TAG:-latest}"
    ports: ["8080:80"]
    networks: [front]
    volumes: ["data:/data"]
    depends_on: [db]
  db: {image: postgres, environment: [A=$$1]}
  debug: {build: ., profiles: [debug]}
networks: {front: , unused: }
volumes: {data: , spare: }
`,
);

async function config(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const host = recordingHost({ env: { DOCKER_CONFIG: "/nonexistent" } });
  const code = await runCli(["compose", "-f", FILE, ...args], host);
  return { code, out: host.stdoutText, error: host.stderrText };
}

const QUESTIONS: readonly (readonly [flags: string[], answer: string])[] = [
  [["config", "--services"], "db\nweb\n"],
  [["--profile", "debug", "config", "--services"], "db\ndebug\nweb\n"],
  [["config", "--volumes"], "data\n"],
  [["--all-resources", "config", "--volumes"], "data\nspare\n"],
  [["config", "--networks"], "default\nfront\n"],
  [["config", "--profiles"], "debug\n"],
  [["config", "--images"], "nginx:latest\npostgres\n"],
  [["config", "--images", "db"], "postgres\n"],
  [["config", "--images", "debug"], "demo-debug\n"],
  [["--compatibility", "config", "--images", "debug"], "demo_debug\n"],
  [["config", "-q"], ""],
  [
    ["config", "--variables"],
    "NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE\n" +
      "TAG                 false               latest              \n",
  ],
];

for (const [flags, answer] of QUESTIONS) {
  test(`compose ${flags.join(" ")}`, async () => {
    expect(await config(...flags)).toEqual({ code: 0, out: answer, error: "" });
  });
}

test("compose config prints only the named services and what they need", async () => {
  const { out } = await config("config", "--format", "json", "db");
  expect(JSON.parse(out)).toEqual({
    name: "demo",
    networks: { default: { name: "demo_default", ipam: {} } },
    services: {
      db: {
        command: null,
        entrypoint: null,
        environment: { A: "$$1" },
        image: "postgres",
        networks: { default: null },
      },
    },
  });
});

test("compose config --no-interpolate leaves variables as they are", async () => {
  const { out } = await config("config", "--no-interpolate");
  expect(out).toContain("image: nginx:${TAG:-latest}\n");
  expect(out).toContain("- A=$$1\n");
});

test("compose config --resolve-image-digests asks the engine for each image once", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const answer = { json: { Descriptor: { digest } } };
  await using engine = await new FakeEngine({
    "HEAD /_ping": {},
    "GET /distribution/docker.io/library/nginx:latest/json": answer,
    "GET /distribution/docker.io/library/postgres:latest/json": answer,
  }).listen();
  const host = recordingHost({ env: { DOCKER_HOST: engine.host, DOCKER_CONFIG: "/nonexistent" } });
  expect(await runCli(["compose", "-f", FILE, "config", "--lock-image-digests"], host)).toBe(0);
  expect(host.stdoutText).toBe(
    `services:\n  db:\n    image: docker.io/library/postgres:latest@${digest}\n  web:\n    image: docker.io/library/nginx:latest@${digest}\n`,
  );
});

test("compose config --output writes to a file and prints nothing", async () => {
  const target = join(directory, "out.yaml");
  expect(await config("config", "-o", target)).toEqual({ code: 0, out: "", error: "" });
  expect(await readFile(target, "utf8")).toStartWith("name: demo\nservices:\n  db:\n");
});

test("compose config refuses a service that is not there and a format it does not know", async () => {
  expect(await config("config", "nope")).toMatchObject({
    code: 1,
    out: "",
    error: "no such service: nope\n",
  });
  expect(await config("config", "--hash", "nope")).toMatchObject({ code: 1, out: "" });
  const { code, error } = await config("config", "--format", "xml");
  expect({ code, error }).toEqual({ code: 1, error: 'unsupported format "xml"\n' });
});
