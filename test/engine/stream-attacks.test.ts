/**
 * Attacks on streams that must fail, each with the legitimate use next to it: the supervisor's socket, the state
 * directories, storms of sessions and sizes, clients that never read, endless lines, full disks.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

/** Of the daemon's process, bytes. */
function daemonMemory(): number {
  const { machine } = daemon();
  const pid = readFileSync(machine.outside(`${machine.directory}/wharf.pid`), "utf8").trim();
  const status = readFileSync(machine.outside(`/proc/${pid}/status`), "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

/** Sends a request and leaves the connection to the caller, who may never read it. */
async function raw(method: string, path: string, body?: unknown): Promise<ReturnType<typeof connect>> {
  const { machine, socket } = daemon();
  const client = connect(machine.outside(socket));
  await new Promise((connected) => client.once("connect", connected));
  const text = body === undefined ? "" : JSON.stringify(body);
  client.write(
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${text}`,
  );
  client.on("error", () => {});
  return client;
}

/** Asks for sessions on one connection, without waiting for answers. @returns how many were made */
async function createMany(container: string, count: number): Promise<number> {
  const { machine, socket } = daemon();
  const client = connect(machine.outside(socket));
  const body = JSON.stringify({ Cmd: ["true", "x".repeat(100)], AttachStdout: true });
  const request = `POST /containers/${container}/exec HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  client.write(request.repeat(count));
  let made = 0;
  let rest = "";
  for await (const chunk of client) {
    const text = rest + (chunk as Buffer).toString("latin1");
    made += text.split("HTTP/1.1 201 ").length - 1;
    rest = text.slice(text.lastIndexOf("\n") + 1);
    if (made === count) break;
  }
  client.destroy();
  return made;
}

test("a container on the host's network reaches no supervisor (CVE-2020-15257)", async () => {
  const d = daemon();
  await docker("run", "-d", "--name", "target", "busybox", "sleep", "1000");
  const id = await docker("inspect", "-f", "{{.Id}}", "target");
  const supervisor = `${d.execRoot}/containers/${id}/supervisor.sock`;
  const sockets = await docker("run", "--rm", "--network", "host", "busybox", "cat", "/proc/net/unix");
  expect(sockets.split("\n").filter((line) => line.includes("@") && /wharf|shim/.test(line))).toEqual([]);
  const reach = await d.docker("run", "--rm", "--network", "host", "busybox", "ls", supervisor);
  expect(reach.exitCode).not.toBe(0);
  expect((await d.machine.text(["stat", "-c", "%a %U", supervisor])).trim()).toBe("600 root");
  expect(await docker("exec", "target", "echo", "the engine does")).toBe("the engine does");
  await docker("rm", "-f", "target");
});

test("nobody but root looks into the state directories (CVE-2024-25621)", async () => {
  const d = daemon();
  await docker(
    "run",
    "-d",
    "--name",
    "secret",
    "--log-driver",
    "local",
    "busybox",
    "sh",
    "-c",
    "echo hidden; sleep 1000",
  );
  const id = await docker("inspect", "-f", "{{.Id}}", "secret");
  await until(
    "written",
    () => docker("logs", "secret"),
    (text) => text === "hidden",
  );
  const asNobody = (script: string) =>
    d.machine.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script]);
  for (const path of [
    `${d.dataRoot}/containers`,
    `${d.dataRoot}/containers/${id}`,
    `${d.dataRoot}/containers/${id}/local-logs/container.log`,
    `${d.execRoot}/containers`,
    `${d.execRoot}/containers/${id}`,
    `${d.execRoot}/rootfs/${id}`,
  ])
    expect([path, (await asNobody(`ls ${path} || cat ${path}`)).exitCode]).not.toEqual([path, 0]);
  expect((await d.machine.text(["ls", `${d.dataRoot}/containers/${id}/local-logs`])).trim()).toBe(
    "container.log",
  );
  await docker("rm", "-f", "secret");
});

test("10,000 exec sessions that nobody starts cost bounded memory, and one that is started runs (CVE-2022-23471)", async () => {
  await docker("run", "-d", "--name", "stormed", "busybox", "sleep", "1000");
  const create = (bytes: number) =>
    daemon().api("POST", "/containers/stormed/exec", {
      Cmd: ["true", "x".repeat(bytes)],
      AttachStdout: true,
    });
  for (let i = 0; i < 50; i++) await create(100);
  const before = daemonMemory();
  const statusOf = async (id: string) => (await daemon().api("GET", `/exec/${id}/json`)).status;
  const idOf = async (answer: ReturnType<typeof create>) =>
    ((await answer).json as { readonly Id: string }).Id;
  const first = await idOf(create(100));
  expect(await statusOf(first)).toBe(200);
  expect(await createMany("stormed", 10_000)).toBe(10_000);
  if (!IS_DOCKERD) expect(await statusOf(first)).toBe(404); // the oldest make room, by number
  const large = await idOf(create(2 << 20));
  for (let i = 0; i < 30; i++) expect((await create(2 << 20)).status).toBe(201);
  if (!IS_DOCKERD) expect(await statusOf(large)).toBe(404); // and by size
  expect(daemonMemory() - before).toBeLessThan(200 << 20);
  expect(await docker("exec", "stormed", "echo", "still")).toBe("still");
  await docker("rm", "-f", "stormed");
});

test("a flood of resizes is taken or refused, and the last one counts", async () => {
  await docker("run", "-dt", "--name", "resized", "busybox", "sleep", "1000");
  const resize = (h: number, w: number) => daemon().api("POST", `/containers/resized/resize?h=${h}&w=${w}`);
  const before = daemonMemory();
  for (let i = 0; i < 20; i++)
    await Promise.all(Array.from({ length: 100 }, (_, j) => resize(1 + ((i * 100 + j) % 200), 80)));
  expect((await resize(31, 97)).status).toBe(200);
  expect(daemonMemory() - before).toBeLessThan(64 << 20);
  expect(await docker("exec", "resized", "sh", "-c", "stty size </proc/1/fd/0")).toBe("31 97");
  await docker("rm", "-f", "resized");
});

test("clients that attach and never read hold neither the container nor memory", async () => {
  await docker(
    "create",
    "-i",
    "--name",
    "loud",
    "--log-opt",
    "max-size=1m",
    "busybox",
    "sh",
    "-c",
    "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end",
  );
  const before = daemonMemory();
  const deaf = [];
  for (let i = 0; i < 20; i++) {
    const client = await raw("POST", "/containers/loud/attach?stream=1&stdout=1&stderr=1");
    client.pause();
    deaf.push(client);
  }
  await until(
    "attached",
    async () => (await daemon().api("GET", "/containers/loud/json")).status,
    (status) => status === 200,
  );
  await docker("start", "loud");
  expect(await docker("wait", "loud")).toBe("0");
  expect(await docker("logs", "--tail", "1", "loud")).toBe("end");
  expect(daemonMemory() - before).toBeLessThan(128 << 20);
  for (const client of deaf) client.destroy();
  await docker("rm", "loud");
});

test("a line without an end is logged in bounded memory, by each driver", async () => {
  for (const driver of ["json-file", "local"]) {
    const options = ["--log-driver", driver, "--log-opt", "max-size=2m", "--log-opt", "max-file=2"];
    await docker(
      "run",
      "-d",
      "--name",
      "endless",
      ...options,
      "busybox",
      "sh",
      "-c",
      "head -c 30000000 /dev/zero | tr '\\0' y; echo; echo last",
    );
    expect(await docker("wait", "endless")).toBe("0");
    expect(await docker("logs", "--tail", "1", "endless")).toBe("last");
    await docker("rm", "endless");
  }
});

test("a full disk stops the log and not the container, and the daemon says so", async () => {
  const d = daemon();
  await docker(
    "create",
    "--name",
    "full",
    "--log-driver",
    "local",
    "busybox",
    "sh",
    "-c",
    "i=0; while [ $i -lt 400 ]; do head -c 9999 /dev/zero | tr '\\0' z; echo; i=$((i+1)); done; echo done >/finished; sleep 1000",
  );
  const id = await docker("inspect", "-f", "{{.Id}}", "full");
  const logs = `${d.dataRoot}/containers/${id}/local-logs`;
  await d.machine.text(["sh", "-c", `mkdir -p ${logs} && mount -t tmpfs -o size=1m,mode=700 tmpfs ${logs}`]);
  await docker("start", "full");
  await until(
    "container went on",
    () => d.docker("exec", "full", "cat", "/finished"),
    ({ stdout }) => stdout === "done\n",
  );
  expect(
    await until(
      "told",
      () => d.log(),
      (log) => log.includes("cannot write a container's log"),
    ),
  ).toContain("ENOSPC");
  const kept = (await d.docker("logs", "full")).stdout.split("\n");
  expect(kept.length).toBeGreaterThan(50);
  expect(kept.every((line) => /^z*$/.test(line))).toBe(true);
  await d.machine.text(["umount", "-l", logs]);
  await docker("rm", "-f", "full");
});

testNothingIsLeft(daemon);
