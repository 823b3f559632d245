/**
 * Clients attached to a running container have its supervisor at the other end of their own connections: they go on when
 * the daemon is killed, over a local socket and over TCP, and the keys to let go are watched for without it.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const ADDRESS = "127.0.0.1:2375";
const daemon = useDaemon({ flags: ["-H", `tcp://${ADDRESS}`] });
const docker = (...args: string[]) => daemon().dockerText(...args);

const ECHO = 'while read line; do echo "got $line"; done';

/** A docker client whose stdin stays open; what it prints is looked at while it runs. */
async function attachedClient(host: string, container: string) {
  const { machine } = daemon();
  const name = `${machine.directory}/client-${Math.random()}`;
  // Its stdin is a pipe that the shell of `say` opens again: this one here keeps it from ending.
  const script = `mkfifo ${name}; sleep 1000 >${name} 2>/dev/null & echo $! >${name}.holder; docker -H ${host} attach --sig-proxy=false ${container} <${name} >${name}.out 2>&1 & echo $! >${name}.pid`;
  await machine.text(["sh", "-c", script]);
  const output = async () => (await machine.run(["cat", `${name}.out`])).stdout;
  return {
    say: (text: string) => machine.text(["sh", "-c", `printf '%s\\n' '${text}' >${name}`]),
    sees: (text: string) => until(`client sees ${text}`, output, (all) => all.includes(text)),
    end: () => machine.run(["sh", "-c", `kill $(cat ${name}.pid) $(cat ${name}.holder)`]),
  };
}

for (const [kind, host] of [
  ["a local socket", () => `unix://${daemon().socket}`],
  ["TCP", () => `tcp://${ADDRESS}`],
] as const)
  test(`an attached client over ${kind} goes on without the daemon`, async () => {
    await docker("run", "-di", "--name", "busy", "busybox", "sh", "-c", ECHO);
    const client = await attachedClient(host(), "busy");
    await client.say("one");
    await client.sees("got one");
    await daemon().kill();
    await client.say("two");
    await client.sees("got two");
    await daemon().start();
    await client.say("three");
    await client.sees("got three");
    expect(await docker("logs", "busy")).toBe("got one\ngot two\ngot three");
    await client.end();
    await docker("rm", "-f", "busy");
  });

/** A raw client that has what came so far. */
async function typist(
  path: string,
  body?: object,
): Promise<{ socket: Socket; heard: () => string; ended: Promise<void> }> {
  const { machine, socket: api } = daemon();
  const socket = connect(machine.outside(api));
  const json = body ? JSON.stringify(body) : "";
  let heard = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    heard += text;
  });
  socket.on("error", () => {});
  const ended = new Promise<void>((resolve) => socket.once("end", resolve));
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${json}`,
  );
  await until(
    "answered",
    async () => heard,
    (text) => text.includes("\r\n\r\n"),
  );
  return { socket, heard: () => heard, ended };
}

/** Names of events told so far about a container. */
async function events(container: string): Promise<string[]> {
  const { machine, socket } = daemon();
  const text = await machine.text([
    "sh",
    "-c",
    `docker -H unix://${socket} events --since 1 --until $(date +%s).999 --filter container=${container} --format '{{.Action}}'`,
  ]);
  return text.trim().split("\n");
}

test("detach keys let go of a terminal, also after another daemon took over", async () => {
  await docker("run", "-dit", "--name", "term", "busybox", "sh");
  const path = "/v1.41/containers/term/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x,x";
  const first = await typist(path);
  first.socket.write("echo $((40+2))\n");
  await until(
    "typed",
    async () => first.heard(),
    (text) => text.includes("42"),
  );
  expect(first.heard()).toStartWith(
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n",
  );
  first.socket.write("\x18x");
  await first.ended;
  first.socket.end();
  await until(
    "told",
    () => events("term"),
    (names) => names.filter((name) => name === "detach").length === 1,
  );
  const second = await typist(path);
  await daemon().kill();
  second.socket.write("echo $((50+5))\n");
  await until(
    "typed",
    async () => second.heard(),
    (text) => text.includes("55"),
  );
  second.socket.write("\x18");
  second.socket.write("x");
  await second.ended;
  await daemon().start();
  second.socket.end();
  await until(
    "told",
    () => events("term"),
    (names) => names.filter((name) => name === "detach").length === 2,
  );
  expect(await docker("inspect", "-f", "{{.State.Running}}", "term")).toBe("true");
  await docker("rm", "-f", "term");
});

test("detach keys that are too many for a supervisor still let go", async () => {
  await docker("run", "-dit", "--name", "long", "busybox", "sh");
  const keys = Array.from({ length: 20 }, () => "ctrl-x").join(",");
  const client = await typist(`/v1.41/containers/long/attach?stream=1&stdin=1&stdout=1&detachKeys=${keys}`);
  client.socket.write("echo $((40+2))\n");
  await until(
    "typed",
    async () => client.heard(),
    (text) => text.includes("42"),
  );
  client.socket.write("\x18".repeat(20));
  await client.ended;
  client.socket.end();
  await until(
    "told",
    () => events("long"),
    (names) => names.includes("detach"),
  );
  await docker("rm", "-f", "long");
});

test("an exec session at a terminal goes on without the daemon, and lets go by its keys", async () => {
  await docker("run", "-d", "--name", "host", "busybox", "sleep", "1000");
  const create = await daemon().api("POST", "/v1.41/containers/host/exec", {
    Cmd: ["sh"],
    Tty: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    DetachKeys: "ctrl-a",
  });
  const { Id } = create.json as { Id: string };
  const client = await typist(`/v1.41/exec/${Id}/start`, { Tty: true, Detach: false });
  client.socket.write("echo $((40+2))\n");
  await until(
    "typed",
    async () => client.heard(),
    (text) => text.includes("42"),
  );
  await daemon().kill();
  client.socket.write("echo $((50+5))\n");
  await until(
    "typed",
    async () => client.heard(),
    (text) => text.includes("55"),
  );
  await daemon().start();
  client.socket.write("\x01");
  await client.ended;
  client.socket.end();
  await until(
    "told",
    () => events("host"),
    (names) => names.includes("exec_detach"),
  );
  const { json } = await daemon().api("GET", `/v1.41/exec/${Id}/json`);
  expect((json as { Running: boolean }).Running).toBe(true);
  await docker("rm", "-f", "host");
});

test("what is said after the answer is never missed, however soon", async () => {
  await docker("run", "-di", "--name", "soon", "busybox", "sh", "-c", ECHO);
  const writer = await typist("/v1.41/containers/soon/attach?stream=1&stdin=1");
  for (let i = 0; i < 50; i++) {
    const reader = await typist("/v1.41/containers/soon/attach?stream=1&stdout=1");
    writer.socket.write(`${i}\n`);
    await until(
      "heard",
      async () => reader.heard(),
      (text) => text.includes(`got ${i}\n`),
    );
    reader.socket.destroy();
  }
  writer.socket.destroy();
  await docker("rm", "-f", "soon");
});

test("clients that go away leave no descriptor with the daemon, and none with the supervisor", async () => {
  const { machine } = daemon();
  await docker("run", "-di", "--name", "gone", "busybox", "sh", "-c", ECHO);
  const pid = await docker("inspect", "-f", "{{.State.Pid}}", "gone");
  const supervisor = /^PPid:\s*(\d+)$/m.exec(
    readFileSync(machine.outside(`/proc/${pid}/status`), "utf8"),
  )![1]!;
  const daemonPid = readFileSync(machine.outside(`${machine.directory}/wharf.pid`), "utf8").trim();
  const open = async (of: string) => (await machine.text(["sh", "-c", `ls /proc/${of}/fd | wc -l`])).trim();
  const before = [await open(supervisor), await open(daemonPid)];
  const clients = await Promise.all(
    Array.from({ length: 30 }, () => typist("/v1.41/containers/gone/attach?stream=1&stdin=1&stdout=1")),
  );
  for (const [i, { socket }] of clients.entries())
    if (i % 2 === 0) socket.destroy();
    else socket.end();
  clients[1]!.socket.end();
  await until(
    "the half",
    () => open(daemonPid),
    (count) => Number(count) <= Number(before[1]) + 2,
  );
  for (const { socket } of clients) socket.destroy();
  await until(
    "closed",
    () => open(supervisor),
    (count) => count === before[0],
  );
  await docker("rm", "-f", "gone");
});

testNothingIsLeft(daemon);
