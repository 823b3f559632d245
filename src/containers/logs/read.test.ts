import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReadLogRequest, readLog } from "./read.ts";

const root = mkdtempSync(join(tmpdir(), "read-log-test-"));
afterAll(() => rmSync(root, { recursive: true }));

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(root, "log-")), "json.log");
});

const entry = (text: string) =>
  `${JSON.stringify({ log: `${text}\n`, stream: "stdout", time: "2026-11-21T03:04:05.000000001Z" })}\n`;
const append = (...texts: string[]) => appendFileSync(path, texts.map(entry).join(""));
const rotate = () => {
  renameSync(path, `${path}.1`);
  writeFileSync(path, "");
};

function request(changes: Partial<ReadLogRequest> = {}): ReadLogRequest {
  const decode = {
    stdout: true,
    stderr: true,
    framed: false,
    timestamps: false,
    details: false,
    since: undefined,
    until: undefined,
  };
  const signal = new AbortController().signal;
  return { path, format: "json", decode, tail: undefined, followUntil: undefined, signal, ...changes };
}

async function readAll(changes: Partial<ReadLogRequest> = {}): Promise<string[]> {
  const chunks = await Array.fromAsync(readLog(request(changes)));
  return Buffer.concat(chunks).toString().split("\n").slice(0, -1);
}

describe("readLog()", () => {
  test("gives nothing for a container that never wrote", async () => {
    expect(await readAll()).toEqual([]);
    expect(await readAll({ tail: 5, followUntil: Promise.resolve() })).toEqual([]);
  });

  test("reads rotated files from the oldest to the current one", async () => {
    writeFileSync(`${path}.2`, entry("1"));
    writeFileSync(`${path}.1`, entry("2") + entry("3"));
    append("4");
    expect(await readAll()).toEqual(["1", "2", "3", "4"]);
  });

  for (const [tail, expected] of [
    [0, []],
    [1, ["5"]],
    [2, ["4", "5"]],
    [3, ["3", "4", "5"]],
    [5, ["1", "2", "3", "4", "5"]],
    [9, ["1", "2", "3", "4", "5"]],
  ] as const)
    test(`gives the last ${tail} lines over file borders`, async () => {
      writeFileSync(`${path}.1`, entry("1") + entry("2") + entry("3"));
      append("4", "5");
      expect(await readAll({ tail })).toEqual([...expected]);
    });

  test("finds the tail of a file of many blocks, and does not count half a line", async () => {
    append(...Array.from({ length: 5000 }, (_, at) => `${at}`));
    appendFileSync(path, '{"log":"half');
    expect(await readAll({ tail: 2 })).toEqual(["4998", "4999"]);
    expect(await readAll({ tail: 2000 })).toHaveLength(2000);
  });

  test("reads what there is when it is asked, whatever is written meanwhile", async () => {
    append("1", "2", "3");
    const lines: string[] = [];
    for await (const chunk of readLog(request({ tail: 2 }))) {
      lines.push(...Buffer.from(chunk).toString().trim().split("\n"));
      append("4");
    }
    expect(lines).toEqual(["2", "3"]);
  });

  test("follows what is written, across rotations, until the container ended", async () => {
    append("1");
    const ended = Promise.withResolvers<void>();
    const lines: string[] = [];
    const steps = [
      () => append("2"),
      () => {
        rotate();
        append("3");
      },
      () => append("4"),
      () => {
        append("5");
        rotate();
        append("6");
        ended.resolve();
      },
    ];
    for await (const chunk of readLog(request({ followUntil: ended.promise }))) {
      lines.push(...Buffer.from(chunk).toString().trim().split("\n"));
      steps.shift()?.();
    }
    expect(lines).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  test("starts again where a log of one file was emptied", async () => {
    append("1", "2");
    const ended = Promise.withResolvers<void>();
    const lines: string[] = [];
    for await (const chunk of readLog(request({ followUntil: ended.promise }))) {
      if (lines.length === 0) writeFileSync(path, entry("3"));
      else ended.resolve();
      lines.push(...Buffer.from(chunk).toString().trim().split("\n"));
    }
    expect(lines).toEqual(["1", "2", "3"]);
  });

  test("follows a container that has no log file yet", async () => {
    const ended = Promise.withResolvers<void>();
    const reading = readAll({ followUntil: ended.promise });
    await Bun.sleep(5);
    append("1");
    ended.resolve();
    expect(await reading).toEqual(["1"]);
  });

  test("stops following when its reader goes", async () => {
    append("1");
    const gone = new AbortController();
    const never = new Promise<void>(() => {});
    const lines: string[] = [];
    for await (const chunk of readLog(request({ followUntil: never, signal: gone.signal }))) {
      lines.push(Buffer.from(chunk).toString());
      setTimeout(() => gone.abort(), 5);
    }
    expect(lines).toEqual(["1\n"]);
  });
});
