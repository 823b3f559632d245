/** Other people's API clients, unchanged: each runs a program that does what its users do. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testProgram } from "../helpers/programs.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const CLIENTS = join(import.meta.dir, "../../.cache/clients");
const REDIS = join(import.meta.dir, "../../.cache/images/redis.tar");
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

/** As the reaper's image: Testcontainers asks for this one, and the real one is only on the internet. */
async function importReaper(): Promise<void> {
  const { machine, dockerText } = daemon();
  const root = join(machine.directory, "reaper");
  await machine.text(["mkdir", root]);
  await machine.text(["cp", await testProgram("reaper"), root]);
  await machine.text(["tar", "-C", root, "-cf", `${root}.tar`, "."]);
  await dockerText("import", "-c", 'CMD ["/reaper"]', `${root}.tar`, "testcontainers/ryuk:0.14.0");
}

test.skipIf(!hasPackage("testcontainers") || !existsSync(REDIS))(
  "Testcontainers for Node starts Debian's Redis, and its reaper removes what a killed test run left (needs node)",
  async () => {
    const { dockerText } = daemon();
    const networks = await dockerText("network", "ls", "-q");
    const server = 'ENTRYPOINT ["redis-server", "--protected-mode", "no", "--repl-diskless-sync-delay", "0"]';
    await dockerText(
      ...["import", "-c", server, "-c", "WORKDIR /data", "-c", "VOLUME /data", "-c", "EXPOSE 6379"],
      ...[REDIS, "debian-redis:7"],
    );
    await importReaper();
    await runProgram(["node", program("testcontainers-killed.mjs")], {
      TESTCONTAINERS_RYUK_RECONNECTION_TIMEOUT: "200ms",
    });
    const left = async () =>
      [
        await dockerText("ps", "-a", "--format", "{{.Names}} {{.Image}} {{.Status}} {{.ID}}"),
        await dockerText("volume", "ls", "-q"),
        (await dockerText("network", "ls", "-q")).replace(networks, ""),
      ].join("");
    expect(await until("reaped", left, (names) => names === "")).toBe("");
    await dockerText("rmi", "debian-redis:7", "testcontainers/ryuk:0.14.0");
  },
);

test.skipIf(!hasDockerPy)("docker-py (needs python3-docker)", () =>
  runProgram([PYTHON, program("docker_py.py")]),
);

testNothingIsLeft(daemon);
