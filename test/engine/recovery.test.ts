import { expect, test } from "bun:test";
import { join } from "node:path";
import { startDaemon, WHARF } from "../helpers/daemon.ts";
import { testProgram } from "../helpers/programs.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const restart = async (signal: "SIGKILL" | "SIGTERM") => {
  await daemon().kill(signal);
  await daemon().start();
};
const status = (name: string) => docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name);

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`containers live on when the daemon ends by ${signal}, and nothing they wrote is lost`, async () => {
    const netcheck = await testProgram("netcheck");
    const get = () => daemon().machine.run([netcheck, "get", "tcp", "127.0.0.1", "8090"]);
    const count = "i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); sleep 0.01; done; exec sleep 1000";
    await docker("run", "-d", "--name", "counter", "busybox", "sh", "-c", count);
    await docker(
      "run",
      "-d",
      "--name",
      "server",
      "-p",
      "8090:80",
      "busybox",
      "netcheck",
      "serve",
      "tcp",
      "80",
      "up",
    );
    await until("served", get, (result) => result.exitCode === 0);
    const pid = await docker("inspect", "-f", "{{.State.Pid}}", "counter");

    await daemon().kill(signal);
    expect((await get()).stdout).toStartWith("up"); // published ports need no daemon
    await Bun.sleep(1200);
    await daemon().start();

    expect(await status("counter")).toBe("running 0");
    expect(await docker("inspect", "-f", "{{.State.Pid}}", "counter")).toBe(pid);
    expect((await docker("logs", "counter")).split("\n")).toEqual(
      Array.from({ length: 100 }, (_, i) => String(i)),
    );
    expect(await docker("exec", "counter", "echo", "in")).toBe("in");
    expect((await get()).stdout).toStartWith("up");
    const port = await docker("port", "server", "80/tcp");
    expect(port).toContain("0.0.0.0:8090");
    await docker("rm", "-f", "counter", "server");
    expect((await get()).exitCode).not.toBe(0);
  });
}

test("what ended while no daemon ran has its true exit code and its output", async () => {
  await docker("run", "-d", "--name", "short", "busybox", "sh", "-c", "sleep 0.5; echo last words; exit 42");
  await docker("run", "-d", "--rm", "--name", "fleeting", "busybox", "sleep", "0.5");
  await docker("run", "-d", "--restart", "always", "--name", "phoenix", "busybox", "sh", "-c", "sleep 0.5");
  await daemon().kill("SIGKILL");
  await Bun.sleep(1000);
  await daemon().start();
  await until(
    "ended", // mostly before, unless the machine is busy
    () => status("short"),
    (s) => s === "exited 42",
  );
  expect(await docker("logs", "short")).toBe("last words");
  await until(
    "removed",
    () => docker("ps", "-aq", "--filter", "name=fleeting"),
    (ids) => ids === "",
  );
  await until(
    "restarted",
    () => status("phoenix"),
    (s) => s.startsWith("running"),
  );
  await docker("rm", "-f", "short", "phoenix");
});

test("a supervisor that was killed counts as 137 and takes nothing down with it", async () => {
  await docker("run", "-d", "--name", "orphan", "busybox", "sleep", "1000");
  const id = await docker("inspect", "-f", "{{.Id}}", "orphan");
  await daemon().machine.run(["pkill", "-KILL", "-f", `shim.*${id}`]);
  await until(
    "seen",
    () => status("orphan"),
    (s) => s === "exited 137",
  );
  await docker("start", "orphan");
  expect(await status("orphan")).toBe("running 0");
  await docker("rm", "-f", "orphan");
});

test("unless-stopped stays down after a stop, always comes back at the daemon's start", async () => {
  await docker("run", "-d", "--restart", "unless-stopped", "--name", "us", "busybox", "sleep", "1000");
  await docker("run", "-d", "--restart", "always", "--name", "al", "busybox", "sleep", "1000");
  await docker("stop", "-t", "0", "us", "al");
  await restart("SIGTERM");
  await until(
    "back",
    () => status("al"),
    (s) => s === "running 0",
  );
  expect((await status("us")).split(" ")[0]).toBe("exited");
  await docker("rm", "-f", "us", "al");
});

test("a client that waits or follows when the daemon dies ends, and can ask again", async () => {
  await docker("run", "-d", "--name", "watched", "busybox", "sh", "-c", "echo one; sleep 1000");
  const { machine, socket } = daemon();
  const followed = `${machine.directory}/followed`;
  const follower = machine.run(["sh", "-c", `docker -H unix://${socket} logs -f watched >${followed}`]);
  const waiter = daemon().docker("wait", "watched");
  const connected = `test "$(cat ${followed})" = one && grep -c ' 03 .*${socket}' /proc/net/unix`;
  await until(
    "both are connected",
    async () => Number((await machine.run(["sh", "-c", connected])).stdout),
    (connections) => connections >= 2,
  );
  await daemon().kill("SIGKILL");
  await follower;
  expect(await machine.text(["cat", followed])).toBe("one\n");
  expect((await waiter).exitCode).not.toBe(0);
  await daemon().start();
  const again = daemon().docker("wait", "watched");
  await docker("kill", "watched");
  expect((await again).stdout).toBe("137\n");
  await docker("rm", "watched");
});

test("a second daemon on the same data root is refused and told who holds it", async () => {
  const d = daemon();
  const socket = join(d.machine.directory, "second.sock");
  const argv = [
    WHARF,
    "daemon",
    "-H",
    `unix://${socket}`,
    "--data-root",
    d.dataRoot,
    "--exec-root",
    "/run/second",
    "--pidfile",
    `${socket}.pid`,
  ];
  const second = await d.machine.run(argv);
  expect(second.exitCode).not.toBe(0);
  expect(second.stdout + second.stderr).toContain(d.dataRoot);
  expect(await docker("ps", "-q")).toBe("");
});

test("several daemons with different roots run on one host", async () => {
  const d = daemon();
  const directory = join(d.machine.directory, "other");
  const socket = `${directory}.sock`;
  const argv = [
    ...[WHARF, "daemon", "-H", `unix://${socket}`, "--data-root", directory, "--exec-root", "/run/other"],
    ...[
      "--pidfile",
      `${directory}.pid`,
      "--bip",
      "10.123.0.1/24",
      "--cgroup-parent",
      `${d.cgroupParent}-other`,
    ],
  ];
  await d.machine.run(["sh", "-c", 'setsid "$@" >/run/other.log 2>&1 </dev/null &', "start", ...argv]);
  const other = (...args: string[]) => d.machine.run(["docker", "-H", `unix://${socket}`, ...args]);
  await until(
    "other daemon",
    () => other("version"),
    (result) => result.exitCode === 0,
  );
  await d.machine.text([
    "sh",
    "-c",
    `docker -H unix://${d.socket} save busybox | docker -H unix://${socket} load`,
  ]);
  const mine = await docker(
    "run",
    "-d",
    "--name",
    "same",
    "-p",
    "8091:80",
    "busybox",
    "netcheck",
    "serve",
    "tcp",
    "80",
    "mine",
  );
  const theirs = await other(
    "run",
    "-d",
    "--name",
    "same",
    "-p",
    "8092:80",
    "busybox",
    "netcheck",
    "serve",
    "tcp",
    "80",
    "theirs",
  );
  expect(theirs.stderr).toBe("");
  expect(theirs.stdout.trim()).not.toBe(mine);
  const netcheck = await testProgram("netcheck");
  const get = (port: string) => d.machine.run([netcheck, "get", "tcp", "127.0.0.1", port]);
  await until(
    "mine",
    () => get("8091"),
    (result) => result.stdout.startsWith("mine"),
  );
  await until(
    "theirs",
    () => get("8092"),
    (result) => result.stdout.startsWith("theirs"),
  );
  await other("rm", "-f", "same");
  expect((await get("8091")).stdout).toStartWith("mine");
  await docker("rm", "-f", "same");
  await d.machine.run(["sh", "-c", `kill $(cat ${directory}.pid)`]);
});

testNothingIsLeft(daemon);

test("kill -9 between any two steps of run, stop and rm leaves nothing lost and nothing leaked", async () => {
  await using d = await startDaemon();
  for (let moment = 0; moment < 24; moment++) {
    const name = `crash${moment}`;
    const script = `docker run -d --name ${name} -v /data -p 9100:80 busybox sleep 1000 && docker stop -t 0 ${name} && docker rm -v ${name}`;
    const client = d.machine.run(["sh", "-c", script], { env: { DOCKER_HOST: `unix://${d.socket}` } });
    await Bun.sleep(10 + moment * 6);
    await d.kill("SIGKILL");
    await client;
    await d.start();
    // Whatever the moment was: each container that is known has a true state and can be removed.
    const known = (await d.dockerText("ps", "-aq")).split("\n").filter((id) => id !== "");
    for (const id of known) {
      const state = await d.dockerText("inspect", "-f", "{{.State.Status}}", id);
      expect(["created", "running", "exited"]).toContain(state);
      if (state !== "running") await d.dockerText("start", id);
      await d.dockerText("rm", "-f", "-v", id);
    }
    const left = await until(
      `after moment ${moment}`,
      () => d.leftovers(),
      (found) => found.length === 0,
    );
    expect(left).toEqual([]);
    expect(await d.dockerText("volume", "ls", "-q")).toBe("");
  }
});
