import { expect, test } from "bun:test";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const state = (name: string) => docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name);

test("create, start, stop, start again, rm: each step shows in inspect", async () => {
  const id = await docker(
    "create",
    "--name",
    "life",
    "busybox",
    "sh",
    "-c",
    "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done",
  );
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await state("life")).toBe("created 0");
  expect(await docker("start", "life")).toBe("life");
  expect(await state("life")).toBe("running 0");
  await until(
    "its trap is set",
    () => docker("logs", "life"),
    (logs) => logs === "ready",
  );
  expect(await docker("stop", "life")).toBe("life");
  expect(await state("life")).toBe("exited 5");
  await docker("start", id.slice(0, 12));
  expect(await state("life")).toBe("running 0");
  expect((await daemon().docker("rm", "life")).stderr).toContain("stop the container before");
  expect(await docker("rm", "-f", "life")).toBe("life");
  expect((await daemon().docker("inspect", "life")).exitCode).toBe(1);
});

test("a process that ignores its stop signal is killed after the timeout", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "deaf",
    "busybox",
    "sh",
    "-c",
    "trap '' TERM; while :; do sleep 1; done",
  );
  await docker("stop", "-t", "1", "deaf");
  expect(await state("deaf")).toBe("exited 137");
  await docker("rm", "deaf");
});

test("rm -f does not wait for a stop that waits", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "slow",
    "busybox",
    "sh",
    "-c",
    "trap '' TERM; while :; do sleep 1; done",
  );
  const stopping = daemon().docker("stop", "-t", "30", "slow");
  await Bun.sleep(200);
  await docker("rm", "-f", "slow");
  await stopping;
  expect(await docker("ps", "-aq", "--filter", "name=slow")).toBe("");
});

test("kill sends the signal asked for", async () => {
  await docker("run", "-d", "--name", "kill", "busybox", "sleep", "1000");
  await docker("kill", "-s", "KILL", "kill");
  await until(
    "killed",
    () => state("kill"),
    (s) => s === "exited 137",
  );
  expect((await daemon().docker("kill", "kill")).stderr).toContain("is not running");
  await docker("rm", "kill");
});

test("restart gives a new process to the same container", async () => {
  await docker("run", "-d", "--name", "again", "busybox", "sleep", "1000");
  const before = await docker("inspect", "-f", "{{.State.Pid}}", "again");
  await docker("restart", "-t", "0", "again");
  expect(await docker("inspect", "-f", "{{.State.Pid}}", "again")).not.toBe(before);
  expect(await state("again")).toBe("running 0");
  await docker("rm", "-f", "again");
});

test("pause freezes and unpause thaws", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "ice",
    "busybox",
    "sh",
    "-c",
    "while :; do echo tick; sleep 0.02; done",
  );
  await docker("pause", "ice");
  expect(await state("ice")).toBe("paused 0");
  const frozen = await docker("logs", "ice");
  await Bun.sleep(150);
  expect(await docker("logs", "ice")).toBe(frozen);
  await docker("unpause", "ice");
  await until(
    "ticks",
    () => docker("logs", "ice"),
    (logs) => logs.length > frozen.length,
  );
  await docker("rm", "-f", "ice");
});

test("wait prints the exit code", async () => {
  await docker("run", "-d", "--name", "ww", "busybox", "sh", "-c", "sleep 0.3; exit 9");
  expect(await docker("wait", "ww")).toBe("9");
  await docker("rm", "ww");
});

test("rename moves the name, and a taken name is refused in Docker's words", async () => {
  await docker("create", "--name", "old", "busybox");
  await docker("create", "--name", "other", "busybox");
  await docker("rename", "old", "new");
  expect(await docker("inspect", "-f", "{{.Name}}", "new")).toBe("/new");
  expect((await daemon().docker("rename", "new", "other")).stderr).toContain(
    'The container name "/other" is already in use by container',
  );
  expect((await daemon().docker("create", "--name", "other", "busybox")).stderr).toContain(
    'Conflict. The container name "/other" is already in use',
  );
  await docker("rm", "new", "other");
});

test("restart policies: on-failure:N gives up, always comes back, --rm goes", async () => {
  await docker("run", "-d", "--name", "fail", "--restart", "on-failure:2", "busybox", "sh", "-c", "exit 7");
  await until(
    "gave up",
    () => docker("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "fail"),
    (s) => s === "2 exited",
  );
  await docker("run", "-d", "--name", "keep", "--restart", "always", "busybox", "sh", "-c", "sleep 0.2");
  await until(
    "came back",
    () => docker("inspect", "-f", "{{.RestartCount}}", "keep"),
    (n) => Number(n) >= 1,
  );
  await docker("stop", "-t", "0", "keep");
  expect((await state("keep")).split(" ")[0]).toBe("exited");
  await docker("rm", "-f", "fail", "keep");
});

test("ps shows, filters and formats", async () => {
  await docker("run", "-d", "--name", "ps1", "-l", "color=red", "busybox", "sleep", "1000");
  await docker("create", "--name", "ps2", "-l", "color=blue", "busybox");
  expect(await docker("ps", "--format", "{{.Names}}")).toBe("ps1");
  expect((await docker("ps", "-a", "--format", "{{.Names}}")).split("\n").sort()).toEqual(["ps1", "ps2"]);
  expect(await docker("ps", "-a", "--filter", "label=color=blue", "--format", "{{.Names}} {{.Status}}")).toBe(
    "ps2 Created",
  );
  expect(await docker("ps", "-a", "--filter", "status=running", "--format", "{{.Names}}")).toBe("ps1");
  expect(await docker("ps", "-a", "--filter", "name=ps", "--filter", "ancestor=busybox", "-q")).not.toBe("");
  expect((await daemon().docker("ps", "--filter", "nosuch=1")).stderr).toContain("invalid filter 'nosuch'");
  expect(
    await daemon().wharfText("ps", "-a", "--format", "{{.Names}}\t{{.Image}}", "--filter", "name=ps2"),
  ).toBe("ps2\tbusybox");
  await docker("rm", "-f", "ps1", "ps2");
});

test("update changes the limits of a running container", async () => {
  await docker("run", "-d", "--name", "up", "-m", "64m", "busybox", "sleep", "1000");
  await docker("update", "-m", "128m", "--memory-swap", "256m", "up");
  const script =
    "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max";
  expect(await docker("exec", "up", "sh", "-c", script)).toBe("134217728");
  await docker("rm", "-f", "up");
});

test("top lists the processes", async () => {
  await docker("run", "-d", "--name", "top", "busybox", "sleep", "1234");
  expect(await docker("top", "top")).toContain("sleep 1234");
  await docker("rm", "-f", "top");
});

test("events tell a container's life in Docker's words", async () => {
  const since = String(Math.floor(Date.now() / 1000) - 1);
  await docker("run", "--rm", "--name", "ev", "busybox", "true");
  const events = await docker(
    "events",
    "--since",
    since,
    "--until",
    String(Math.ceil(Date.now() / 1000)),
    "--filter",
    "container=ev",
    "--format",
    "{{.Action}}",
  );
  const actions = events.split("\n");
  expect(actions).toEqual(expect.arrayContaining(["create", "attach", "start", "die", "destroy"]));
});

test("prune removes stopped containers only", async () => {
  await docker("create", "--name", "gone", "busybox");
  await docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
  expect(await docker("container", "prune", "-f")).toContain("Total reclaimed space");
  expect(await docker("ps", "-a", "--format", "{{.Names}}")).toBe("stays");
  await docker("rm", "-f", "stays");
});

testNothingIsLeft(daemon);
