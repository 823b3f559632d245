import { writeSync } from "node:fs";
import { setPriority } from "node:os";
import { splitLines } from "#base/streams.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import { close, openat, syncfs } from "#kernel/files/at.ts";
import { becomeBatchWork } from "#kernel/process/batch-work.ts";
import { dieWithParent } from "#kernel/process/die-with-parent.ts";
import { verifyImage } from "../erofs/verify-image.ts";
import { runCompressHelper } from "./compress-helper.ts";
import { copyTree } from "./copy-tree.ts";
import { GrowingFile, type Growth } from "./growing-file.ts";
import { encodeFailure, type Job, type JobLine } from "./job.ts";
import { measureTree } from "./measure-tree.ts";
import { unpackBlob } from "./unpack-blob.ts";

/** Behind the containers' own work, which somebody waits for. */
const NICENESS = 5;
/** Between two progress lines: several for each second of unpacking, none for a small layer. */
const PROGRESS_BYTES = 4 << 20;

/**
 * The helper process `wharf unpack-layer`: reads one job from its input, answers in lines of JSON, ends. It also ends
 * when its input does, because then the daemon has gone and nobody wants the result. With an argument it compresses,
 * which answers in bytes.
 * @returns the exit code
 */
export async function runUnpackHelper(argv: readonly string[]): Promise<number> {
  becomeBatchWork();
  if (argv.length > 0) return runCompressHelper(argv);
  setPriority(NICENESS);
  const input = splitLines(Bun.stdin.stream());
  const first = await input.next();
  if (first.done) return 2;
  const abort = new AbortController();
  const job = JSON.parse(first.value) as Job;
  const growing = job.job === "unpack" && job.isGrowing ? new GrowingFile(job.source) : undefined;
  void followDaemon(input, growing).finally(() => abort.abort(new Error("the daemon has gone")));
  try {
    tell({ result: await perform(job, growing, abort.signal) });
    return 0;
  } catch (error) {
    tell({ failed: encodeFailure(error) });
    return 1;
  }
}

/** Ends with the daemon's end of the pipe. */
async function followDaemon(input: AsyncIterable<string>, growing: GrowingFile | undefined): Promise<void> {
  for await (const line of input) growing?.grow(JSON.parse(line) as Growth);
}

async function perform(job: Job, growing: GrowingFile | undefined, signal: AbortSignal): Promise<unknown> {
  if (job.job === "copy") {
    dieWithParent(process.ppid); // it never looks at its input: what it writes may be somebody else's by then
    copyTree(job.from, job.to);
    return {};
  }
  if (job.job === "sync") {
    syncDirectory(job.directory);
    return {};
  }
  if (job.job === "verify") return { isRight: await verifyImage(job) };
  if (job.job === "measure") return { bytes: job.directories.map(measureTree) };
  let told = 0;
  const onProgress = (currentBytes: number) => {
    if (currentBytes - told < PROGRESS_BYTES) return;
    told = currentBytes;
    tell({ progress: currentBytes });
  };
  return await unpackBlob({ ...job, bytes: growing?.read(), onProgress, signal });
}

function syncDirectory(path: string): void {
  const fd = openat(AT.FDCWD, path, O.RDONLY | O.DIRECTORY);
  syncfs(fd);
  close(fd);
}

function tell(line: JobLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(1, bytes, done);
}
