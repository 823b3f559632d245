/** Volumes of a plugin: a program of ours whose volumes are tmpfs mounts. */
import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const PROGRAM = join(import.meta.dir, "../programs/volume-plugin.py");

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const refused = async (...args: string[]) => (await daemon().docker(...args)).stderr;
const sh = (script: string) => daemon().machine.text(["sh", "-ec", script]);
const home = (name: string) => join(daemon().machine.directory, name);
const calls = async (name = "ours") =>
  (await sh(`cat ${home(name)}/calls; : >${home(name)}/calls`)).split("\n").filter((line) => line !== "");
const users = async (volume: string) => JSON.parse(await sh(`cat ${home("ours")}/state.json`))[volume].users;

/** Starts it, or starts it again. */
async function startPlugin(name: string, ...options: string[]): Promise<void> {
  const socket = `/run/docker/plugins/${name}.sock`;
  const command = [PROGRAM, socket, home(name), ...options].join(" ");
  await sh(`mkdir -p ${home(name)}; rm -f ${socket}
    setsid python3 ${command} </dev/null >>${home(name)}/log 2>&1 & echo $! >${home(name)}/pid`);
  await until(
    `plugin ${name}`,
    () => daemon().machine.run(["test", "-S", socket]),
    ({ exitCode }) => exitCode === 0,
  );
}

async function stopPlugin(name: string): Promise<void> {
  await sh(`kill -9 $(cat ${home(name)}/pid)`);
}

beforeAll(() => startPlugin("ours", "--scope", "global"));

test("its volumes are made with its options, mounted for their containers and unmounted after them", async () => {
  await docker("volume", "create", "-d", "ours", "-o", "size=64k", "--label", "a=b", "data");
  const [volume] = JSON.parse(await docker("volume", "inspect", "data"));
  expect(volume).toMatchObject({ Driver: "ours", Scope: "global", Labels: { a: "b" }, Status: { users: 0 } });
  const df = await docker(
    "run",
    "--rm",
    "-v",
    "data:/d",
    "busybox",
    "sh",
    "-c",
    "echo 1 >/d/f; df -k /d | tail -1",
  );
  expect(df).toMatch(/^data\s+64\s/);
  expect(await users("data")).toEqual([]);

  await docker("run", "-d", "--name", "one", "-v", "data:/d", "-v", "data:/again", "busybox", "top");
  await docker("run", "-d", "--name", "two", "-v", "data:/d:ro", "busybox", "top");
  expect(new Set(await users("data")).size).toBe(IS_DOCKERD ? 3 : 2);
  expect(await refused("exec", "two", "touch", "/d/x")).toContain("Read-only file system");
  expect(await refused("volume", "rm", "data")).toContain("remove data: volume is in use");
  const [mount] = JSON.parse(await docker("inspect", "-f", "{{json .Mounts}}", "one"));
  expect(mount).toMatchObject({ Type: "volume", Name: "data", Driver: "ours", Mode: "", RW: true });
  await docker("rm", "-f", "one", "two");
  expect(await users("data")).toEqual([]);
  await docker("volume", "rm", "data");
  expect(await sh(`cat ${home("ours")}/state.json`)).toBe("{}");
});

test("what it refuses is told in its words, and leaves nothing", async () => {
  await calls();
  expect(await refused("volume", "create", "-d", "ours", "-o", "odd=1", "bad")).toContain(
    "create bad: VolumeDriver.Create: unknown option odd",
  );
  // Docker says "not found", which its client takes for the image.
  if (!IS_DOCKERD)
    expect(await refused("run", "--rm", "--volume-driver", "none", "-v", "bad:/x", "busybox")).toContain(
      'create bad: error looking up volume plugin none: plugin "none" not found',
    );
  expect(await docker("volume", "ls", "-q")).toBe("");
  expect(await calls()).not.toContain("VolumeDriver.Remove bad");
});

test("a volume that only the plugin knows is listed, inspected and used", async () => {
  const state = { shared: { options: {}, users: [] } };
  await sh(`echo '${JSON.stringify(state)}' >${home("ours")}/state.json`);
  expect(await docker("volume", "ls", "--format", "{{.Driver}} {{.Name}}")).toBe("ours shared");
  expect(await docker("volume", "inspect", "-f", "{{.Driver}}", "shared")).toBe("ours");
  expect(await docker("run", "--rm", "-v", "shared:/s", "busybox", "df", "-k", "/s")).toContain("shared");
  await docker("volume", "rm", "shared");
  expect(await docker("volume", "ls", "-q")).toBe("");
});

test.skipIf(IS_DOCKERD)("a failed mount keeps the container from starting, and is undone", async () => {
  await startPlugin("broken", "--fail", "VolumeDriver.Mount");
  await docker("volume", "create", "-d", "broken", "never");
  const text = await refused("run", "--name", "stuck", "-v", "never:/n", "busybox", "true");
  expect(text).toContain(
    "error while mounting volume 'never': VolumeDriver.Mount: VolumeDriver.Mount does not work today",
  );
  expect(await calls("broken")).toContain("VolumeDriver.Unmount never");
  await docker("rm", "stuck");
  await docker("volume", "rm", "never");
  await stopPlugin("broken");
});

test.skipIf(IS_DOCKERD)("a dead plugin holds up nothing but its own volumes", async () => {
  await startPlugin("hangs", "--hang", "VolumeDriver.Mount");
  await docker("volume", "create", "-d", "hangs", "stuck");
  const start = daemon().docker("run", "--rm", "--name", "waits", "-v", "stuck:/s", "busybox", "true");
  await until(
    "it hangs",
    () => sh(`cat ${home("hangs")}/calls`),
    (text) => text.includes("Mount stuck"),
  );
  await docker("run", "--rm", "-v", "local:/l", "busybox", "true");
  await docker("volume", "rm", "local");
  await stopPlugin("hangs");
  const { exitCode, stderr } = await start; // the connection has ended; a moment later nobody listens any more
  expect(exitCode).toBe(125);
  expect(stderr).toContain("error while mounting volume 'stuck'");
  expect(await docker("volume", "ls", "-q")).toContain("stuck");
  expect(await refused("volume", "inspect", "stuck")).toContain('exists in driver "hangs"');
  await sh("rm /run/docker/plugins/hangs.sock");
  expect(await refused("volume", "rm", "stuck")).toContain('remove stuck: plugin "hangs" not found');
  await docker("volume", "rm", "-f", "stuck");
});

test.skipIf(IS_DOCKERD)("after a crash of the daemon every mount has its container", async () => {
  await docker("run", "-d", "--name", "stays", "-v", "kept:/k", "--volume-driver", "ours", "busybox", "top");
  await docker("run", "-d", "--name", "ends", "-v", "kept:/k", "busybox", "top");
  const pid = await docker("inspect", "-f", "{{.State.Pid}}", "ends");
  await daemon().kill();
  await sh(`kill -9 ${pid}`);
  await daemon().start();
  const id = await docker("inspect", "-f", "{{.Id}}", "stays");
  await until(
    "one user",
    () => users("kept"),
    (list) => list.length === 1,
  );
  expect(await users("kept")).toEqual([id]);
  await docker("rm", "-f", "stays", "ends");
  expect(await users("kept")).toEqual([]);
  await docker("volume", "rm", "kept");
});

testNothingIsLeft(daemon);
