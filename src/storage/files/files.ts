import { isConnectionSource } from "#base/connection-source.ts";
import { DEFAULT_BOUNDS, type LayerBounds } from "../layer/bounds.ts";
import { writeImplicitList } from "../layer/implicit.ts";
import { FileHelper } from "./helper-process.ts";
import type { FileJob } from "./job.ts";
import type { ContainerFiles, FileChange, OpenArchive } from "./types.ts";

export interface ContainerFilesOptions {
  /** Our own executable and the argument that makes it `runFileHelper()`. */
  readonly helperCommand: readonly string[];
  /** Of a layer made from a container's changes. */
  readonly bounds?: Partial<LayerBounds>;
}

export function createContainerFiles(options: ContainerFilesOptions): ContainerFiles {
  const start = <J extends FileJob>(job: J, signal?: AbortSignal) =>
    new FileHelper(options.helperCommand, job, { signal });
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
  return {
    async stat(view, path, signal) {
      await using helper = start({ job: "stat", view, path }, signal);
      helper.endInput();
      return await helper.result();
    },

    async read(view, path, signal) {
      const helper = start({ job: "read", view, path }, signal);
      try {
        helper.endInput();
        const line = await helper.next();
        if (!("stat" in line)) throw new Error("the helper did not tell of the file first");
        return { stat: line.stat, archive: archiveOf(helper) };
      } catch (error) {
        await helper[Symbol.asyncDispose]();
        throw error;
      }
    },

    async write(view, path, archive, how, signal) {
      const connection = isConnectionSource(archive) ? archive.fd : undefined;
      const job = { job: "write", view, path, options: how } as const;
      await using helper = new FileHelper(options.helperCommand, job, { connection, signal });
      await helper.next(); // that it is ready
      await helper.write(archive);
    },

    export(root, signal, ids) {
      const helper = start({ job: "export", root, ids }, signal);
      helper.endInput();
      return archiveOf(helper);
    },

    async changes({ source, mountPoints }, signal) {
      await using helper = start({ job: "changes", source, mountPoints }, signal);
      helper.endInput();
      const found: FileChange[] = [];
      for (let line = await helper.next(); "changes" in line; line = await helper.next())
        for (const change of line.changes) found.push(change);
      return found;
    },

    async commitDiff({ source, mountPoints, prepared }, sink, signal) {
      const { directory, whiteouts, image } = prepared;
      const job = { job: "commit", source, mountPoints, directory, whiteouts, image, bounds } as const;
      await using helper = start(job, signal);
      helper.endInput();
      for await (const chunk of helper.output) await sink(chunk);
      const { implicitDirectories, ...layer } = await helper.result();
      if (whiteouts === "overlay" && !image) writeImplicitList(prepared, implicitDirectories);
      return layer;
    },
  };
}

function archiveOf(helper: FileHelper<FileJob>): OpenArchive {
  return {
    bytes: bytesOf(helper),
    [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
  };
}

async function* bytesOf(helper: FileHelper<FileJob>): AsyncGenerator<Uint8Array> {
  yield* helper.output;
  await helper.result();
}
