import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeReopenLog } from "#runtime/shim/protocol.ts";
import { ALL, eventually, SHIM, type SupervisorRequest, startSupervisor } from "./supervisor.ts";

const TIME = /"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,8}[1-9]|\.[1-9])?Z)"\}$/;

interface Entry {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
}

/** Runs a shell script to its end. @returns the texts of the log's files, by name */
async function logsOf(script: string, log: SupervisorRequest["log"] = {}): Promise<Record<string, string>> {
  await using supervisor = await startSupervisor({ command: ["sh", "-c", script], log });
  await supervisor.exited;
  const directory = dirname(supervisor.logPath);
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
}

async function logOf(script: string, log: SupervisorRequest["log"] = {}): Promise<string> {
  return (await logsOf(script, log))["json.log"]!;
}

function entries(text: string): Entry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Entry);
}

test("the log is what dockerd 20.10 writes for the same output, byte for byte but the time", async () => {
  const text = await logOf(
    String.raw`printf 'a\tb<c>&d"\\e\177\001\r\n'; printf '\377\303\251\342\200\250\n'; printf '\n'; printf last`,
    { attrs: { foo: "a<b" } },
  );
  const lines = text.split("\n").map((line) => line.replace(TIME, '"time":"T"}'));
  const tail = String.raw`","stream":"stdout","attrs":{"foo":"a\u003cb"},"time":"T"}`;
  expect(lines).toEqual([
    `{"log":"${String.raw`a\u0009b\u003cc\u003e\u0026d\"\\e`}\x7f${String.raw`\u0001\r\n`}${tail}`,
    `{"log":"${String.raw`\ufffd`}é${String.raw`\u2028\n`}${tail}`,
    `{"log":"${String.raw`\n`}${tail}`,
    `{"log":"last${tail}`,
    "",
  ]);
});

test("the log splits lines at 16 KiB and gives all parts the time of the first", async () => {
  const text = await logOf(
    `head -c 16384 /dev/zero | tr '\\0' x; echo; head -c 40000 /dev/zero | tr '\\0' y; sleep 0.05; echo z; echo next`,
  );
  const all = entries(text);
  expect(all.map(({ log }) => log.length)).toEqual([16384, 1, 16384, 16384, 40000 - 2 * 16384 + 2, 5]);
  expect(all[1]!.log).toBe("\n");
  expect(all[0]!.time).toBe(all[1]!.time);
  expect(all[2]!.time).toBe(all[4]!.time);
  expect(all[5]!.time > all[4]!.time).toBe(true);
});

test("the log keeps characters whole that lie across reads, and replaces each broken byte", async () => {
  const text = await logOf(
    String.raw`printf 'x\303'; sleep 0.05; printf '\251\n'; printf '\355\240\200 \300\257 \364\220\200\200\n'`,
  );
  expect(entries(text).map(({ log }) => log)).toEqual([
    "xé\n",
    `${"�".repeat(3)} ${"�".repeat(2)} ${"�".repeat(4)}\n`,
  ]);
});

test("the log tells both streams apart", async () => {
  const text = await logOf("echo out; echo err >&2");
  expect(new Set(entries(text).map(({ log, stream }) => stream + log))).toEqual(
    new Set(["stdoutout\n", "stderrerr\n"]),
  );
});

test("the log rotates by size and keeps no more files than asked, losing only the oldest lines", async () => {
  const logs = await logsOf("seq 1 20000", { maxBytes: 200_000, maxFiles: 3 });
  expect(Object.keys(logs).sort()).toEqual(["json.log", "json.log.1", "json.log.2"]);
  for (const text of Object.values(logs)) expect(text.length).toBeLessThan(200_100);
  const inOrder = [logs["json.log.2"]!, logs["json.log.1"]!, logs["json.log"]!];
  const numbers = inOrder.flatMap(entries).map(({ log }) => Number(log));
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 20001 - numbers.length + i));
});

test("the log of one file starts anew when it is full", async () => {
  const logs = await logsOf("seq 1 20000", { maxBytes: 100_000, maxFiles: 1 });
  expect(Object.keys(logs)).toEqual(["json.log"]);
  expect(entries(logs["json.log"]!).at(-1)!.log).toBe("20000\n");
  expect(logs["json.log"]!.length).toBeLessThan(100_100);
});

test("the log goes on in a new file after an outside rotation", async () => {
  await using supervisor = await startSupervisor({
    command: ["sh", "-c", "echo before; read line; echo after"],
    openStdin: true,
    attach: [ALL],
  });
  const { logPath: path } = supervisor;
  await supervisor.started;
  await eventually(() => readFileSync(path, "utf8").includes("before"));
  renameSync(path, `${path}.old`);
  supervisor.control.send(encodeReopenLog());
  await eventually(() => existsSync(path));
  supervisor.readers[0]!.end("go\n");
  await supervisor.exited;
  expect(entries(readFileSync(path, "utf8")).map(({ log }) => log)).toEqual(["after\n"]);
  expect(entries(readFileSync(`${path}.old`, "utf8")).map(({ log }) => log)).toEqual(["before\n"]);
});

test("the log of a full disk ends with a whole entry, and the process goes on", async () => {
  await using supervisor = await startSupervisor({
    program: ["/bin/sh", "-c", 'ulimit -f 16; exec "$@"', "limited", SHIM], // blocks of 512 bytes
    command: ["seq", "1", "20000"],
  });
  expect((await supervisor.exited).code).toBe(0);
  const text = readFileSync(supervisor.logPath, "utf8");
  expect(text.length).toBeLessThanOrEqual(16 * 512);
  expect(text.endsWith("}\n")).toBe(true);
  expect(entries(text).length).toBeGreaterThan(50);
});
