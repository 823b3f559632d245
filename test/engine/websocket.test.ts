/** Attaching over a WebSocket: what a browser's terminal does, by a client that is not ours. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const ADDRESS = "127.0.0.1:2375";
const daemon = useDaemon({ flags: ["-H", `tcp://${ADDRESS}`] });
const docker = (...args: string[]) => daemon().dockerText(...args);

const PROGRAM = join(import.meta.dir, "../programs/websocket-client.ts");
const ALL = "stream=1&stdin=1&stdout=1&stderr=1";

function client(mode: string, version: string, container: string, count = 1): string[] {
  const url = `ws://${ADDRESS}/v${version}/containers/${container}/attach/ws?${ALL}`;
  return [process.execPath, PROGRAM, mode, url, String(count)];
}

async function met(...args: Parameters<typeof client>): Promise<Record<string, unknown>> {
  return JSON.parse(await daemon().machine.text(client(...args))) as Record<string, unknown>;
}

test("text and binary messages reach stdin, and a close ends it", async () => {
  for (const [version, kind] of [
    ["1.43", "binary"],
    ["1.24", "text"],
  ] as const) {
    await docker(
      "run",
      "-di",
      "--name",
      "talker",
      "busybox",
      "sh",
      "-c",
      "cat; echo over >/over; sleep 1000",
    );
    expect(await met("talk", version, "talker")).toEqual({ kinds: [kind], text: "as text\nas bytes\n" });
    await docker("rm", "-f", "talker");
  }
});

test("with stdin once, the close of the first client ends what the process reads", async () => {
  const body = { Image: "busybox", Cmd: ["cat"], OpenStdin: true, StdinOnce: true };
  expect((await daemon().api("POST", "/containers/create?name=once", body)).status).toBe(201);
  await docker("start", "once");
  expect((await met("talk", "1.43", "once")).text).toBe("as text\nas bytes\n");
  expect(await docker("wait", "once")).toBe("0");
  await docker("rm", "once");
});

test("a terminal's bytes come as they are, typed ones included", async () => {
  await docker("run", "-dit", "--name", "term", "busybox", "sh", "-c", "stty raw -echo; cat");
  await until(
    "raw",
    () => docker("exec", "term", "sh", "-c", "stty -a </proc/1/fd/0"),
    (text) => text.includes("-icanon"),
  );
  expect((await met("talk", "1.43", "term")).text).toBe("as text\nas bytes\n");
  await docker("rm", "-f", "term");
});

test("twenty clients at once see the same, and each the end", async () => {
  const script = "read go; i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done";
  await docker("run", "-di", "--name", "many", "busybox", "sh", "-c", script);
  const listening = met("listen", "1.43", "many", 20);
  await until(
    "attached",
    async () =>
      (
        await daemon().api(
          "GET",
          `/events?until=${Date.now() / 1000}&since=1&filters=%7B%22event%22%3A%5B%22attach%22%5D%7D`,
        )
      ).text.split('"Action":"attach"').length - 1,
    (count) => count >= 20,
  );
  await daemon().machine.run(["docker", "-H", `unix://${daemon().socket}`, "attach", "many"], {
    input: "go\n",
  });
  const expected = Array.from({ length: 3000 }, (_, i) => `line ${i}\n`).join("").length;
  expect(await listening).toEqual({ lengths: [expected], different: 1, codes: [1000] });
  await docker("rm", "-f", "many");
});

test("a client that never reads costs the daemon bounded memory, and the others nothing", async () => {
  const { machine, socket } = daemon();
  const memory = () => {
    const pid = readFileSync(machine.outside(`${machine.directory}/wharf.pid`), "utf8").trim();
    const status = readFileSync(machine.outside(`/proc/${pid}/status`), "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  };
  await docker(
    "run",
    "-di",
    "--log-driver",
    "none",
    "--name",
    "loud",
    "busybox",
    "sh",
    "-c",
    "read go; head -c 150000000 /dev/zero",
  );
  const before = memory();
  const deaf = connect(machine.outside(socket));
  deaf.on("error", () => {});
  deaf.write(
    `GET /v1.43/containers/loud/attach/ws?${ALL} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await new Promise((answered) => deaf.once("data", answered));
  deaf.pause();
  const reader = `echo go | docker -H unix://${socket} attach loud | wc -c`;
  expect((await machine.text(["sh", "-c", reader])).trim()).toBe("150000000");
  expect(memory() - before).toBeLessThan(64 << 20);
  deaf.destroy();
  await docker("rm", "-f", "loud");
});

testNothingIsLeft(daemon);
