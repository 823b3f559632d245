import { writeSync } from "node:fs";
import { DigestMeter } from "#base/digest.ts";
import { PermissionDenied } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { TarParser } from "#base/tar-read.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import { openat, write } from "#kernel/files/at.ts";
import { assumeFileIdentity } from "#kernel/process/file-identity.ts";
import { encodeFailure } from "../layer/job.ts";
import { openTarget } from "../layer/target.ts";
import { openFile } from "./archive-file.ts";
import { archiveTree } from "./archive-tree.ts";
import { diffTar } from "./diff-tar.ts";
import { walkDiff } from "./diff-walk.ts";
import { hostId } from "./ids.ts";
import type { FileJob, FileJobLine, Written } from "./job.ts";
import { JobInput } from "./job-input.ts";
import type { FoundFile, ViewRoot } from "./root.ts";
import { TreeWriter } from "./tree-writer.ts";
import type { DiffRequest, FileChange, FileStat } from "./types.ts";
import { openView } from "./view.ts";
import { readArchive } from "./write-archive.ts";

/** Changes told in one line. */
const CHANGES_AT_ONCE = 1000;
const STDOUT = 1;
const STDERR = 2;

/**
 * The helper process `wharf container-files`: reads one job from its input, does it on its one thread, ends. It never
 * leaves the host's root and runs nothing but programs of the host.
 * @returns the exit code
 */
export async function runFileHelper(_argv: readonly string[]): Promise<number> {
  try {
    const input = new JobInput(Bun.stdin.stream());
    tell({ result: await perform(await input.job(), input) });
    return 0;
  } catch (error) {
    if (isErrno(error, "EPIPE")) return 1; // nobody wants the archive any more
    tell({ failed: encodeFailure(readOnlyError(error)) });
    return 1;
  }
}

async function perform(job: FileJob, input: JobInput): Promise<unknown> {
  switch (job.job) {
    case "stat": {
      const root = openView(job.view);
      return statOf(root, job.path, root.find(job.path));
    }
    case "read":
      return readFiles(job);
    case "write":
      return await writeFiles(job, input);
    case "export":
      return exportTree(job);
    case "changes":
      return tellChanges(job);
    case "commit":
      return commitDiff(job);
  }
}

function statOf(root: ViewRoot, path: string, { stat, shownName }: FoundFile): FileStat {
  return {
    name: shownName,
    sizeBytes: Number(stat.size),
    mode: Number(stat.mode),
    mtimeNanos: String(stat.mtimeNs),
    linkTarget: stat.isSymbolicLink() ? root.linkTarget(path) : "",
  };
}

function readFiles({ view, path }: Extract<FileJob, { job: "read" }>): object {
  const root = openView(view);
  const found = root.find(path);
  tell({ stat: statOf(root, path, found) });
  for (const chunk of archiveTree(found, { shownName: found.shownName, ids: view.ids })) write(STDOUT, chunk);
  return {};
}

async function writeFiles(
  { view, path, options }: Extract<FileJob, { job: "write" }>,
  input: JobInput,
): Promise<Written> {
  const root = openView(view);
  using writer = new TreeWriter(root.fd, root.realDirectory(path), options, view.ids);
  // On directories with shifted ids nobody else can make files.
  if (view.ids) assumeFileIdentity({ uid: hostId(view.ids.uids, 0), gid: hostId(view.ids.gids, 0) });
  tell({ ready: true });
  const parser = new TarParser(writer);
  const beyond = await readArchive(input, (chunk) => parser.push(chunk));
  parser.finish();
  writer.finish();
  return { beyond: Buffer.from(beyond).toString("base64") };
}

function exportTree({ root: path, ids }: Extract<FileJob, { job: "export" }>): object {
  const root = openFile(openat(AT.FDCWD, path, O.PATH | O.DIRECTORY), ".");
  for (const chunk of archiveTree(root, { shownName: "", isOneFileSystem: true, ids })) write(STDOUT, chunk);
  return {};
}

function tellChanges(request: DiffRequest): object {
  let changes: FileChange[] = [];
  for (const { change } of walkDiff(request.source, mountPointTest(request))) {
    changes.push(change);
    if (changes.length < CHANGES_AT_ONCE) continue;
    tell({ changes });
    changes = [];
  }
  tell({ changes });
  return {};
}

function commitDiff(job: Extract<FileJob, { job: "commit" }>): unknown {
  const meter = new DigestMeter();
  using target = openTarget(job, () => parser.offset);
  const parser: TarParser = new TarParser(target);
  for (const chunk of diffTar(job.source, mountPointTest(job))) {
    meter.update(chunk);
    write(STDOUT, chunk);
    target.archive?.(chunk);
    parser.push(chunk);
  }
  parser.finish();
  target.finish();
  const { sizeBytes, implicitDirectories } = target;
  return { diffId: meter.digest(), sizeBytes, implicitDirectories: [...implicitDirectories] };
}

function mountPointTest({ mountPoints }: DiffRequest): (path: string) => boolean {
  const places = new Set(mountPoints);
  return (path) => places.has(path);
}

function tell(line: FileJobLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(STDERR, bytes, done);
}

function readOnlyError(error: unknown): unknown {
  return isErrno(error, "EROFS")
    ? new PermissionDenied("the file system is read-only", { cause: error })
    : error;
}
