import { expect, test } from "bun:test";
import { join } from "node:path";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();

/** Texts and statuses as in Docker's Engine API; clients match on them. */
const CASES: readonly (readonly [string, string, string, unknown, number, string])[] = [
  ["an unknown container", "GET", "/containers/nosuch/json", undefined, 404, "No such container: nosuch"],
  ["an unknown image", "GET", "/images/nosuch/json", undefined, 404, "No such image: nosuch:latest"],
  ["an unknown network", "GET", "/networks/nosuch", undefined, 404, "network nosuch not found"],
  ["an unknown volume", "GET", "/volumes/nosuch", undefined, 404, "get nosuch: no such volume"],
  ["an unknown exec", "GET", "/exec/nosuch/json", undefined, 404, "No such exec instance: nosuch"],
  ["an unknown path", "GET", "/nosuch", undefined, 404, "page not found"],
  [
    "create from an unknown image",
    "POST",
    "/containers/create",
    { Image: "nosuch" },
    404,
    "No such image: nosuch:latest",
  ],
  [
    "create without a command",
    "POST",
    "/containers/create",
    { Image: "nocmd:1" },
    400,
    "no command specified",
  ],
  [
    "create with a bad name",
    "POST",
    "/containers/create?name=a%20b",
    { Image: "busybox" },
    400,
    "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  ],
  [
    "create with little memory",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { Memory: 1024 } },
    400,
    "Minimum memory limit allowed is 6MB",
  ],
  [
    "create with an unknown runtime",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { Runtime: "nosuch" } },
    400,
    "unknown or invalid runtime name: nosuch",
  ],
  [
    "create with an unknown log driver",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { LogConfig: { Type: "nosuch" } } },
    400,
    "logger: no log driver named 'nosuch' is registered",
  ],
  [
    "create with an unknown capability",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { CapAdd: ["NOSUCH"] } },
    400,
    'unknown capability: "CAP_NOSUCH"',
  ],
  [
    "create with a missing bind source",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { Mounts: [{ Type: "bind", Source: "/nosuch", Target: "/x" }] } },
    400,
    'invalid mount config for type "bind": bind source path does not exist: /nosuch',
  ],
  [
    "create with two mounts at one place",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { Binds: ["/tmp:/x", "/run:/x"] } },
    400,
    "Duplicate mount point: /x",
  ],
  [
    "create with AutoRemove and a restart policy",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { AutoRemove: true, RestartPolicy: { Name: "always" } } },
    400,
    "can't create 'AutoRemove' container with restart policy",
  ],
  [
    "a field of the wrong type",
    "POST",
    "/containers/create",
    { Image: "busybox", HostConfig: { Memory: "much" } },
    400,
    "HostConfig.Memory",
  ],
  [
    "a bad wait condition",
    "POST",
    "/containers/idle/wait?condition=nosuch",
    undefined,
    400,
    'invalid condition: "nosuch"',
  ],
  [
    "logs of no stream",
    "GET",
    "/containers/idle/logs",
    undefined,
    400,
    "must specify at least one of 'stdout' or 'stderr'",
  ],
  [
    "kill of a container that does not run",
    "POST",
    "/containers/idle/kill",
    undefined,
    409,
    "is not running",
  ],
  [
    "an unknown signal",
    "POST",
    "/containers/idle/kill?signal=NOSUCH",
    undefined,
    400,
    "nvalid signal: NOSUCH",
  ],
  [
    "an unknown filter",
    "GET",
    '/containers/json?filters={"nosuch":["1"]}',
    undefined,
    400,
    "invalid filter 'nosuch'",
  ],
  [
    "a version that is too new",
    "GET",
    "/v9.99/version",
    undefined,
    400,
    "client version 9.99 is too new. Maximum supported API version is 1.55",
  ],
  [
    "a version that is too old",
    "GET",
    "/v1.1/version",
    undefined,
    400,
    "client version 1.1 is too old. Minimum supported API version is",
  ],
  [
    "removal of a predefined network",
    "DELETE",
    "/networks/bridge",
    undefined,
    403,
    "bridge is a pre-defined network and cannot be removed",
  ],
  ["swarm without a swarm", "GET", "/services", undefined, 503, "This node is not a swarm manager."],
];

test("prepare", async () => {
  const d = daemon();
  await d.machine.text([
    "sh",
    "-c",
    `tar -C /etc -c hostname | docker -H unix://${d.socket} import - nocmd:1`,
  ]);
  await d.dockerText("create", "--name", "idle", "busybox");
});

for (const [what, method, path, body, status, words] of CASES) {
  test(`${what} is answered with ${status} and Docker's words`, async () => {
    const answer = await daemon().api(method, path, body);
    expect((answer.json as { message: string } | undefined)?.message ?? answer.text).toContain(words);
    expect(answer.status).toBe(status);
  });
}

/** Raw bytes to the socket. @returns what came back before the server closed: ask it to */
async function raw(bytes: string): Promise<string> {
  const { machine, socket } = daemon();
  let received = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  const connection = await Bun.connect({
    unix: machine.outside(socket),
    socket: {
      data: (_, chunk) => {
        received += chunk.toString();
      },
      close: () => resolve(),
      end: () => resolve(),
    },
  });
  connection.write(bytes);
  await Promise.race([promise, Bun.sleep(30_000)]);
  connection.end();
  return received;
}

test("half a JSON body is refused with the reason", async () => {
  const answer = await raw(
    'POST /containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"Image":',
  );
  expect(answer).toStartWith("HTTP/1.1 400");
  expect(answer).toContain("invalid JSON");
});

test("a body of another type is refused with the type it must have", async () => {
  const answer = await raw(
    "POST /containers/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
  );
  expect(answer).toContain("unsupported Content-Type header (text/plain): must be 'application/json'");
});

test("bytes that are not HTTP end the connection and not the daemon", async () => {
  await raw("\u0001\u0002 not http at all\r\n\r\n");
  expect((await daemon().api("GET", "/_ping")).text).toBe("OK");
});

test("errors carry exactly application/json", async () => {
  const answer = await raw("GET /containers/nosuch/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
  expect(answer.toLowerCase()).toContain("content-type: application/json\r\n");
});

test("a client that vanishes mid-stream leaves container and daemon as they were", async () => {
  const d = daemon();
  await d.dockerText("run", "-d", "--name", "chatty", "busybox", "sh", "-c", "while :; do echo line; done");
  for (let i = 0; i < 20; i++) {
    await d.machine.run([
      "timeout",
      "-s",
      "KILL",
      "0.05",
      "docker",
      "-H",
      `unix://${d.socket}`,
      "logs",
      "-f",
      "chatty",
    ]);
    await d.machine.run([
      "timeout",
      "-s",
      "KILL",
      "0.05",
      "docker",
      "-H",
      `unix://${d.socket}`,
      "attach",
      "chatty",
    ]);
  }
  expect(await d.dockerText("inspect", "-f", "{{.State.Status}}", "chatty")).toBe("running");
  await d.dockerText("rm", "-f", "chatty");
});

test("hostile archives are refused by name and leave nothing", async () => {
  const d = daemon();
  const evil = join(import.meta.dir, "../programs/hostile-archives.py");
  await d.machine.text(["python3", evil, d.machine.directory]);
  for (const name of ["dotdot", "truncated", "lying"]) {
    const load = await d.machine.run([
      "docker",
      "-H",
      `unix://${d.socket}`,
      "load",
      "-i",
      join(d.machine.directory, `${name}.tar`),
    ]);
    expect(`${name} ${load.exitCode}`).toBe(`${name} 1`);
    expect(load.stderr.trim()).not.toBe("");
  }
  const { status, text } = await d.api("POST", "/images/load", "no archive");
  expect([status, text]).toEqual([200, expect.stringContaining('"errorDetail"')]); // as clients expect it
  expect(await d.dockerText("images", "--format", "{{.Repository}}", "evil")).toBe("");
  expect((await d.machine.run(["ls", "/evil-out"])).exitCode).not.toBe(0);
});

test("a disk that is full is named, and the container that could not be made is gone", async () => {
  const d = daemon();
  await d.machine.text([
    "sh",
    "-c",
    `mkdir -p ${d.dataRoot}/volumes && mount -t tmpfs -o size=64k tmpfs ${d.dataRoot}/volumes`,
  ]);
  const result = await d.docker(
    "run",
    "--rm",
    "-v",
    "big:/v",
    "busybox",
    "dd",
    "if=/dev/zero",
    "of=/v/f",
    "bs=1k",
    "count=1000",
  );
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("No space left on device");
  await d.machine.text(["umount", `${d.dataRoot}/volumes`]);
  expect((await d.api("GET", "/_ping")).text).toBe("OK");
});
