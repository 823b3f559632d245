import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import { Cancelled, InvalidArgument } from "#base/errors.ts";
import { type Log, silentLog } from "#base/log.ts";
import { archive, layerIn, temporaryDirectory } from "../_testing/archives.ts";
import { HELPER_COMMAND } from "../_testing/helper.ts";
import { runJob } from "./helper-process.ts";
import { createLayerUnpacker } from "./unpacker.ts";

/** Says where it is, then never answers. */
const SILENT_HELPER = (pidFile: string) => ["sh", "-c", `echo $$ > ${pidFile}; exec sleep 60`];

describe.skipIf(process.getuid?.() !== 0)("the helper process (as root)", () => {
  let home: string;
  beforeEach(() => {
    home = temporaryDirectory();
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const prepared = (directory: string) => ({ key: "1", directory, whiteouts: "overlay" as const });
  const unpacker = (log: Log = silentLog, helperCommand = HELPER_COMMAND) =>
    createLayerUnpacker({ helperCommand, parallel: 1, log });

  test("unpack() answers with the digests and leaves the list of directories without entry", async () => {
    const tar = archive({ name: "a/b", text: "hello" });
    const { source, directory } = layerIn(home, gzipSync(tar));
    const result = await unpacker().unpack({
      source,
      prepared: prepared(directory),
      expectedDiffId: sha256(tar),
    });
    expect(result).toEqual({
      diffId: sha256(tar),
      sizeBytes: 5,
      entries: 1,
    });
    expect(readFileSync(join(directory, "a/b"), "utf8")).toBe("hello");
    expect(JSON.parse(readFileSync(join(home, "implicit.json"), "utf8"))).toEqual(["", "a"]);
  });

  test("unpack() takes the caller's word for a plain layer's digest, and hashes what is compressed", async () => {
    const tar = archive({ name: "a", text: "hello" });
    const unpack = (bytes: Uint8Array, expectedDiffId: string) => {
      const { source, directory } = layerIn(home, bytes);
      const request = { source, prepared: prepared(directory), expectedDiffId };
      return unpacker().unpack({ ...request, blobDigest: () => sha256("the caller's") });
    };
    expect((await unpack(tar, sha256("the caller's"))).diffId).toBe(sha256("the caller's"));
    await expect(unpack(tar, sha256(tar))).rejects.toThrow("layer is not the one expected");
    expect((await unpack(gzipSync(tar), sha256(tar))).diffId).toBe(sha256(tar));
  });

  test("unpack() throws the helper's error as it was", async () => {
    const { source, directory } = layerIn(home, archive({ name: "../x" }));
    const error = await unpacker()
      .unpack({ source, prepared: prepared(directory) })
      .catch((thrown) => thrown);
    expect(error).toEqual(
      new InvalidArgument('layer entry "../x": name leaves the layer: ".." is not allowed'),
    );
  });

  test("unpack() tells progress in compressed bytes, and losses to the log", async () => {
    const warnings: unknown[] = [];
    const log: Log = { ...silentLog, warn: (message, fields) => warnings.push([message, fields?.warnings]) };
    const xattrs = new Map([["user.x", Buffer.from("1")]]);
    const { source, directory } = layerIn(
      home,
      archive(
        { name: "a", text: "x".repeat(9 << 20) },
        { name: "l", type: "symlink", linkName: "a", xattrs },
      ),
    );
    const seen: number[] = [];
    const progress = ({ currentBytes }: { currentBytes: number }) => seen.push(currentBytes);
    await unpacker(log).unpack({ source, prepared: prepared(directory), progress });
    expect(seen).toEqual([4 << 20, 8 << 20]);
    expect(warnings).toEqual([["layer unpacked with losses", [expect.stringContaining("attribute user.x")]]]);
  });

  test("an abort kills the helper", async () => {
    const pidFile = join(home, "pid");
    const abort = new AbortController();
    const { source, directory } = layerIn(home, archive());
    const running = unpacker(silentLog, SILENT_HELPER(pidFile)).unpack({
      source,
      prepared: prepared(directory),
      signal: abort.signal,
    });
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await Bun.sleep(2);
    abort.abort();
    expect(await running.catch((thrown) => thrown)).toBeInstanceOf(Cancelled);
    expect(existsSync(`/proc/${readFileSync(pidFile, "utf8").trim()}`)).toBe(false);
  });

  test("a job that is cancelled before it begins starts no helper", async () => {
    const job = { job: "copy", from: home, to: home } as const;
    expect(runJob(["/no/such/program"], job, { signal: AbortSignal.abort() })).rejects.toThrow(Cancelled);
  });

  test("a helper that dies without an answer is reported with its last words", async () => {
    const job = { job: "copy", from: home, to: home } as const;
    expect(runJob(["sh", "-c", "echo out of luck >&2; exit 3"], job)).rejects.toThrow(
      "copy layer: helper process ended with exit code 3: out of luck",
    );
    expect(runJob(["sh", "-c", "kill -9 $$"], job)).rejects.toThrow("ended with SIGKILL");
  });

  test("the helper stops when the daemon goes away", async () => {
    const fifo = join(home, "blob");
    Bun.spawnSync(["mkfifo", fifo]);
    mkdirSync(join(home, "diff"));
    const child = Bun.spawn([...HELPER_COMMAND], { stdin: "pipe", stdout: "pipe" });
    const job = {
      job: "unpack",
      source: fifo,
      directory: join(home, "diff"),
      whiteouts: "overlay",
      bounds: {},
    };
    child.stdin.write(`${JSON.stringify(job)}\n`);
    const writer = Bun.spawn(["sh", "-c", `exec 3>${fifo}; while printf %0512d 0 >&3; do sleep 0.01; done`], {
      stderr: "ignore",
    });
    child.stdin.end();
    expect(await child.exited).toBe(1);
    await writer.exited;
  });
});

describe.skipIf(process.getuid?.() !== 0)("parallel jobs (as root)", () => {
  test("unpack() lets no more helpers run than allowed", async () => {
    const home = temporaryDirectory();
    const helper = [
      "sh",
      "-c",
      `cd ${home}; mkdir busy || touch overlap; sleep 0.05; rmdir busy
       printf '{"result":{"diffId":"d","implicitDirectories":[],"warnings":[]}}\\n'`,
    ];
    const unpacker = createLayerUnpacker({ helperCommand: helper, parallel: 1, log: silentLog });
    writeFileSync(join(home, "blob"), "");
    const job = {
      source: join(home, "blob"),
      prepared: { key: "1", directory: join(home, "d"), whiteouts: "delete" },
    } as const;
    await Promise.all([unpacker.unpack(job), unpacker.unpack(job), unpacker.unpack(job)]);
    expect(existsSync(join(home, "overlap"))).toBe(false);
    rmSync(home, { recursive: true });
  });
});
