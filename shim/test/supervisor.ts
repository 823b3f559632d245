/** A supervisor under test, with a stand-in for the OCI runtime: no root, no container. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { createFiles } from "#kernel/files/files.ts";
import type { InheritedReader, SupervisorOptions } from "#runtime/shim/arguments.ts";
import type { ControlConnection } from "#runtime/shim/control-connection.ts";
import type { ExitRecord, FailedNotice, LogNotice, Notice, StartedNotice } from "#runtime/shim/protocol.ts";
import { spawnSupervisor } from "#runtime/shim/spawn.ts";
import type { AttachOptions, LogTarget } from "#runtime/types.ts";
import { buildShim } from "../../tools/build-shim.ts";

export const SHIM = await buildShim();

/**
 * Starts "$@" with its own streams, notes its process id and leaves, as a runtime does. The command waits until the
 * shell, which might reap it, is gone; descriptor 3 because a shell gives "&" an empty stdin.
 */
export const FAKE_RUNTIME =
  'exec 3<&0; (while kill -0 $$ 2>/dev/null; do sleep 0.01; done; exec "$@") <&3 3<&- & echo $! >pid';

export interface TestSupervisor extends AsyncDisposable {
  readonly directory: string;
  readonly control: ControlConnection;
  readonly started: Promise<StartedNotice>;
  readonly exited: Promise<ExitRecord>;
  readonly failed: Promise<FailedNotice>;
  readonly closed: Promise<void>;
  /** In the order of `attach`. */
  readonly readers: readonly Duplex[];
  readonly logNotices: readonly LogNotice[];
  /** Notices that a client has let go. */
  readonly detached: { readonly count: number };
  readonly recordPath: string;
  readonly logPath: string;
}

export interface SupervisorRequest extends Partial<Omit<SupervisorOptions, "attach" | "log">> {
  readonly log?: Partial<Omit<LogTarget, "path">>;
  /** What the stand-in runtime starts. */
  readonly command?: readonly string[];
  /** Shell text of the runtime; default FAKE_RUNTIME. */
  readonly runtime?: string;
  readonly attach?: readonly InheritedReader[];
  /** Command that becomes the supervisor. */
  readonly program?: readonly string[];
}

export const ALL: AttachOptions = { stdin: true, stdout: true, stderr: true };
export const OUTPUT: AttachOptions = { stdin: false, stdout: true, stderr: true };

export async function startSupervisor(request: SupervisorRequest = {}): Promise<TestSupervisor> {
  const root = mkdtempSync(join(tmpdir(), "wharf-shim-"));
  const directory = request.directory ?? join(root, "run");
  mkdirSync(directory, { recursive: true });
  const paths = { recordPath: join(root, "exit.json"), logPath: join(root, "logs/json.log") };
  mkdirSync(join(root, "logs"));
  const started = Promise.withResolvers<StartedNotice>();
  const exited = Promise.withResolvers<ExitRecord>();
  const failed = Promise.withResolvers<FailedNotice>();
  const closed = Promise.withResolvers<void>();
  const readers: Duplex[] = [];
  const logNotices: LogNotice[] = [];
  const detached = { count: 0 };
  let running = 0;
  const { control } = await spawnSupervisor(
    createFiles(),
    {
      program: request.program ?? [SHIM],
      sealedRuntime: () => undefined,
      options: {
        terminal: false,
        openStdin: false,
        stdinOnce: false,
        record: paths.recordPath,
        overflow: root,
        runtimeCommand: [
          ...["/bin/sh", "-c", request.runtime ?? FAKE_RUNTIME, "runtime"],
          ...(request.command ?? ["true"]),
        ],
        ...request,
        directory,
        log: { path: paths.logPath, maxBytes: 0, maxFiles: 1, ...request.log },
      },
      attach: (request.attach ?? []).map((options) => ({
        options,
        connected: (stream) => readers.push(stream),
      })),
    },
    {
      notice: (notice: Notice) => {
        if (notice.type === "log") return void logNotices.push(notice.log);
        if (notice.type === "detached") {
          detached.count += 1;
          return;
        }
        running = notice.type === "started" ? notice.started.pid : 0;
        if (notice.type === "started") started.resolve(notice.started);
        else if (notice.type === "exited") exited.resolve(notice.record);
        else failed.resolve(notice.failure);
      },
      closed: () => closed.resolve(),
    },
  );
  return {
    directory,
    control,
    started: started.promise,
    exited: exited.promise,
    failed: failed.promise,
    closed: closed.promise,
    readers,
    logNotices,
    detached,
    ...paths,
    async [Symbol.asyncDispose]() {
      control[Symbol.dispose]();
      for (const reader of readers) reader.destroy();
      if (running > 0) killIfThere(running);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

/** Everything a stream gives until its end. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("end", resolve).once("close", resolve).resume();
  if (stream.closed || stream.readableEnded) resolve(); // nobody tells twice
  await promise;
  return Buffer.concat(chunks);
}

/** Docker's frames apart: what came on which stream. */
export function demultiplex(bytes: Buffer): { readonly stdout: string; readonly stderr: string } {
  const parts: Record<number, Buffer[]> = { 1: [], 2: [] };
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts[bytes[at]!]!.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return { stdout: Buffer.concat(parts[1]!).toString(), stderr: Buffer.concat(parts[2]!).toString() };
}

/** Process id of the supervisor: the parent of its process. */
export function supervisorOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);
}

/**
 * Bytes each supervisor costs: what it shares with the others, its program, is left out. (Private_Dirty would count the
 * program too as long as the kernel has not written a fresh build to disk.)
 */
export function privateMemory(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Anonymous:\s*(\d+) kB$/m.exec(rollup)![1]) * 1024;
}

/** Waits until `check` gives something. */
export async function eventually<T>(check: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = check();
    if (value !== undefined && value !== false) return value;
    await Bun.sleep(5);
  }
}
