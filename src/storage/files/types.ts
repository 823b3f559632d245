/**
 * Files of containers, reached on behalf of a user: read and written as archives, compared with their image.
 *
 * A container changes its files while we work with them and may do so to deceive us: every file is found by descriptor
 * below a root (openat2 with RESOLVE_IN_ROOT), never by a path that somebody could redirect between look and use. Nothing
 * that a container holds is ever run or loaded, and no process of ours makes a container's root its own.
 */
import type { Digest } from "#base/digest.ts";
import type { DiffSource, PreparedLayer } from "../types.ts";
import type { FileIds } from "./ids.ts";

/** What is seen as a container's files. */
export interface FileView {
  /** Absolute, opened once; everything is found below it. `/proc/PID/root` shows a process's files with its mounts. */
  readonly root: string;
  /**
   * What the root must be the same directory as. A process may have ended, and another have its number, or have gone
   * into a root of its own.
   */
  readonly sameAs?: string;
  /** Mounted below the root, in order, where nobody else sees it. */
  readonly binds: readonly ViewBind[];
  /** Of the root itself, not of the binds. */
  readonly readOnly?: boolean;
  /** The files are seen with the host's ids; an archive has the container's. */
  readonly ids?: FileIds | undefined;
}

export interface ViewBind {
  /** A directory or a file of the host. */
  readonly source: string;
  /** Absolute, in the view; made where missing. */
  readonly destination: string;
  readonly readOnly: boolean;
  readonly recursive: boolean;
}

/** What is known of one file before it is read. */
export interface FileStat {
  /** Last part of the path as asked for. */
  readonly name: string;
  readonly sizeBytes: number;
  /** As stat(2) has it, type bits included. */
  readonly mode: number;
  /** Nanoseconds since 1970, as text: JSON has no such numbers. */
  readonly mtimeNanos: string;
  /** Where a symbolic link leads in the end, absolute in the view; "" for everything else. */
  readonly linkTarget: string;
}

export interface WriteOptions {
  /** A directory is not replaced by something else, nor the reverse. */
  readonly noOverwriteDirNonDir: boolean;
  /** Every file gets this owner instead of the archive's. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export interface FileChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: "modified" | "added" | "deleted";
}

export interface DiffRequest {
  readonly source: DiffSource;
  /** Absolute paths of places made for mounts: no change while they are empty. */
  readonly mountPoints: readonly string[];
}

export interface DiffLayer {
  readonly diffId: Digest;
  readonly sizeBytes: number;
}

/** An archive that is being made. To be disposed whether it was read or not: its helper ends then. */
export interface OpenArchive extends AsyncDisposable {
  /** Ends with the error that kept the archive from being whole. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Each call works in a helper process of its own. A failure of the file system is an EngineError of a fitting kind. */
export interface ContainerFiles {
  /** @throws NotFound; InvalidArgument when something on the way is no directory; Unavailable when the view is another's */
  stat(view: FileView, path: string, signal?: AbortSignal): Promise<FileStat>;
  /** A file, or a directory with all it holds, as a tar archive; file systems of the kernel (proc, sysfs) appear empty. */
  read(
    view: FileView,
    path: string,
    signal?: AbortSignal,
  ): Promise<{ readonly stat: FileStat; readonly archive: OpenArchive }>;
  /**
   * Unpacks an archive (plain, gzip, bzip2, xz or zstd) into a directory of the view.
   * @throws NotFound, InvalidArgument; PermissionDenied where the file system is read-only
   */
  write(
    view: FileView,
    path: string,
    archive: AsyncIterable<Uint8Array>,
    options: WriteOptions,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Everything below a directory, without other file systems. */
  export(root: string, signal?: AbortSignal, ids?: FileIds): OpenArchive;
  changes(request: DiffRequest, signal?: AbortSignal): Promise<FileChange[]>;
  /**
   * What a writable adds to its parent, as a layer: its tar goes to `sink`, its files into the prepared directory.
   */
  commitDiff(
    request: DiffRequest & { readonly prepared: PreparedLayer },
    sink: (chunk: Uint8Array) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<DiffLayer>;
}
