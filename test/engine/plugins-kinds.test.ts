/** What managed plugins are for besides volumes: logs and authorization; and log plugins that run on the host. */
import { beforeAll, expect, test } from "bun:test";
import { commandsFor } from "../helpers/commands.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { PLUGIN_PROGRAM, pluginPid, writePlugin } from "../helpers/plugins.ts";
import { testProgram } from "../helpers/programs.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({
  prepare: `echo '{"authorization-plugins": []}' >/run/plugins.json`,
  flags: IS_DOCKERD ? [] : ["--config-file", "/run/plugins.json"],
});
const { docker, refused, sh, home } = commandsFor(daemon);

const CONFIG = {
  description: "kinds of tests",
  documentation: "none",
  propagatedmount: "/data",
  env: [{ name: "DENY", value: "", settable: ["value"] }],
};

async function create(name: string, kind: string): Promise<void> {
  const type = { authz: "docker.authz/1.0", LogDriver: "docker.logdriver/1.0" }[kind];
  const config = {
    ...CONFIG,
    entrypoint: [...PLUGIN_PROGRAM, kind],
    interface: { types: [type], socket: "p.sock" },
  };
  await docker("plugin", "create", name, await writePlugin(daemon(), name, config));
  await docker("plugin", "enable", name);
}

/** What the log plugin of this name has read and was asked. */
async function written(name: string, file: "log" | "calls"): Promise<string> {
  const { Id } = JSON.parse(await docker("plugin", "inspect", name))[0];
  const directory = IS_DOCKERD ? "plugins" : "plugins/installed";
  return await sh(`cat ${daemon().dataRoot}/${directory}/${Id}/propagated-mount/${file} 2>/dev/null || true`);
}

beforeAll(() => create("logs", "LogDriver"));

test("a log plugin gets every line, and the container", async () => {
  await docker(
    "run",
    "--name",
    "one",
    "--log-driver",
    "logs",
    "--log-opt",
    "any=thing",
    "busybox",
    "sh",
    "-c",
    "echo out; echo err >&2",
  );
  const log = await until(
    "both lines",
    () => written("logs", "log"),
    (text) => text.includes("out") && text.includes("err"),
  );
  expect(log).toMatch(/\n\x06stdout\x10[\s\S]*\x1a\x03out/);
  expect(log).toMatch(/\n\x06stderr\x10[\s\S]*\x1a\x03err/);
  expect(await docker("inspect", "-f", "{{.HostConfig.LogConfig.Type}}", "one")).toBe("logs");
  if (!IS_DOCKERD) expect(await docker("logs", "one")).toBe("out");
  expect(await written("logs", "calls")).toMatch(/LogDriver\.StartLogging \/run\/docker\/logging\/[0-9a-f]+/);
  await until(
    "the end is told",
    () => written("logs", "calls"),
    (text) => /LogDriver\.StopLogging/.test(text) && /^end /m.test(text),
  );
  await docker("rm", "one");
});

test("a log plugin is in use while a container logs to it", async () => {
  await docker("run", "-d", "--name", "user", "--log-driver", "logs", "busybox", "top");
  expect(await refused("plugin", "disable", "logs")).toContain("plugin logs:latest is in use");
  await docker("rm", "-f", "user");
});

test.skipIf(IS_DOCKERD)(
  "no line is lost by a plugin that dies between two of them, nor by the engine's end",
  async () => {
    await docker(
      "run",
      "-d",
      "--name",
      "talks",
      "--log-driver",
      "logs",
      "busybox",
      "sh",
      "-c",
      "echo first; while ! [ -e /go ]; do sleep 0.1; done; echo second; while ! [ -e /on ]; do sleep 0.1; done; echo third; sleep 1000",
    );
    const hears = (text: string) =>
      until(
        text,
        () => written("logs", "log"),
        (log) => log.includes(text),
      );
    await hears("first");
    const before = await pluginPid(daemon());
    await sh(`kill -9 ${before}`);
    await until(
      "it is back",
      () => pluginPid(daemon()),
      (pid) => pid !== "" && pid !== before,
    );
    await docker("exec", "talks", "touch", "/go");
    await hears("second");
    await daemon().kill();
    await daemon().start();
    await docker("exec", "talks", "touch", "/on");
    await hears("third");
    expect(await docker("logs", "talks")).toBe("first\nsecond\nthird");
    await docker("rm", "-f", "talks");
  },
);

test.skipIf(IS_DOCKERD)("what takes no logs is refused", async () => {
  const run = (driver: string) => refused("run", "--rm", "--log-driver", driver, "busybox", "true");
  expect(await run("none-such")).toContain("logger: no log driver named 'none-such' is registered");
  await docker("plugin", "disable", "-f", "logs");
  expect(await run("logs")).toContain("plugin logs:latest found but disabled");
  await docker("plugin", "enable", "logs");
  await docker("plugin", "disable", "-f", "logs");
  await docker("plugin", "rm", "logs");
});

test.skipIf(IS_DOCKERD)("a log plugin of the host reads from Docker's place", async () => {
  const socket = "/run/docker/plugins/hosted.sock";
  const program = await testProgram("plugin");
  await sh(`mkdir -p ${home("hosted")} /run/docker/plugins
    DATA=${home("hosted")} setsid ${program} ${socket} LogDriver </dev/null >/dev/null 2>&1 & echo $! >${home("hosted.pid")}
    until [ -S ${socket} ]; do sleep 0.05; done`);
  await docker("run", "--rm", "--log-driver", "hosted", "busybox", "echo", "from the host");
  await until(
    "the line",
    () => sh(`cat ${home("hosted")}/log 2>/dev/null || true`),
    (log) => log.includes("from the host"),
  );
  await sh(`kill -9 $(cat ${home("hosted.pid")}); rm ${socket}`);
});

test.skipIf(IS_DOCKERD)(
  "a managed plugin decides who may, and cannot be switched off by those it decides about",
  async () => {
    await create("guard", "authz");
    const reload = (plugins: readonly string[]) =>
      sh(`echo '{"authorization-plugins": ${JSON.stringify(plugins)}}' >/run/plugins.json
      kill -HUP $(cat ${home("wharf.pid")})`);
    const plugins = async () => JSON.parse(await docker("info", "-f", "{{json .Plugins.Authorization}}"));
    await docker("plugin", "disable", "guard");
    await docker("plugin", "set", "guard", "DENY=/volumes/create");
    await docker("plugin", "enable", "guard");
    await reload(["guard"]);
    await until("it is asked", plugins, (names) => names?.length === 1);
    expect(await refused("volume", "create", "no")).toBe(
      "Error response from daemon: authorization denied by plugin guard: by its rule",
    );
    await docker("volume", "ls");
    for (const args of [["disable"], ["disable", "-f"], ["rm", "-f"]])
      expect(await refused("plugin", ...args, "guard")).toContain("plugin guard:latest is in use");
    await daemon().kill();
    const before = await pluginPid(daemon());
    await sh(`kill -9 ${before}`);
    await daemon().start();
    expect(await refused("volume", "create", "no")).toContain(
      "authorization denied by plugin guard: by its rule",
    );
    await reload([]);
    await until("nobody is asked", plugins, (names) => names === null);
    await docker("plugin", "rm", "-f", "guard");
  },
);

testNothingIsLeft(daemon);
