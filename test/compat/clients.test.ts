/** Other people's API clients, unchanged: each runs a program that does what its users do. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const CLIENTS = join(import.meta.dir, "../../.cache/clients");
const PYTHON = "/usr/bin/python3"; // Debian's python3-docker belongs to Debian's Python
const daemon = useDaemon();

async function runProgram(argv: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const { machine, socket } = daemon();
  const result = await machine.run(argv, { env: { DOCKER_HOST: `unix://${socket}`, CLIENTS, ...env } });
  expect(`${result.stdout}${result.stderr}`).toEndWith("done\n");
}

const program = (name: string) => join(import.meta.dir, "clients", name);
const hasPackage = (name: string) =>
  existsSync(join(CLIENTS, "node_modules", name)) && Bun.which("node") !== null;
const hasDockerPy = Bun.spawnSync([PYTHON, "-c", "import docker"], { stderr: "ignore" }).exitCode === 0;

test.skipIf(!hasPackage("dockerode"))("dockerode (needs node)", () =>
  runProgram(["node", program("dockerode.mjs")]),
);

test.skipIf(!hasPackage("testcontainers"))("Testcontainers for Node (needs node)", () =>
  runProgram(["node", program("testcontainers.mjs")], { TESTCONTAINERS_RYUK_DISABLED: "true" }),
);

test.skipIf(!hasDockerPy)("docker-py (needs python3-docker)", () =>
  runProgram([PYTHON, program("docker_py.py")]),
);

testNothingIsLeft(daemon);
