/**
 * What the daemon and its helper process for containers' files say to each other. The job is the first line of the
 * helper's input; an archive to be written follows it, or a line that says how to read it from the client's own
 * connection, which is the helper's descriptor 3. The helper's output is the archive that was read. Lines of JSON go
 * the other way on its error stream.
 */
import type { BodyPosition } from "#base/http-chunks.ts";
import type { JobFailure } from "../layer/job.ts";
import type { TargetOptions } from "../layer/target.ts";
import type { FileIds } from "./ids.ts";
import type { DiffLayer, DiffRequest, FileChange, FileStat, FileView, WriteOptions } from "./types.ts";

export type FileJob =
  | { readonly job: "stat"; readonly view: FileView; readonly path: string }
  | { readonly job: "read"; readonly view: FileView; readonly path: string }
  | { readonly job: "write"; readonly view: FileView; readonly path: string; readonly options: WriteOptions }
  | { readonly job: "export"; readonly root: string; readonly ids?: FileIds | undefined }
  | ({ readonly job: "changes" } & DiffRequest)
  | ({ readonly job: "commit" } & TargetOptions & DiffRequest);

export interface FileJobResults {
  readonly stat: FileStat;
  readonly read: Record<never, never>;
  readonly write: Written;
  readonly export: Record<never, never>;
  readonly changes: Record<never, never>;
  readonly commit: DiffLayer & { readonly implicitDirectories: readonly string[] };
}

/** The line before an archive. */
export interface ArchivePlace {
  /** Absent: the archive itself follows. */
  readonly connection?: {
    readonly position: BodyPosition;
    /** So many bytes of the connection, received before, follow this line. */
    readonly receivedBytes: number;
  };
}

export interface Written {
  /** What was read of the connection behind the archive, in base64. */
  readonly beyond: string;
}

/** Where the helper has the client's connection. */
export const CONNECTION_FD = 3;

/** A helper ends after its `result` or `failed` line. */
export type FileJobLine =
  /** Before the first byte of an archive. */
  | { readonly stat: FileStat }
  /** The place for an archive was found: it may come. */
  | { readonly ready: true }
  | { readonly changes: readonly FileChange[] }
  | { readonly result: unknown }
  | { readonly failed: JobFailure };
