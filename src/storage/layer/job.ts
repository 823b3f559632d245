/** What the daemon and its helper process say to each other: one job in, lines of JSON out. */
import {
  EngineError,
  type ErrorKind,
  Internal,
  InvalidArgument,
  messageOf,
  NotFound,
  NotImplemented,
  PermissionDenied,
  Unavailable,
} from "#base/errors.ts";
import type { VerifyImageRequest } from "../erofs/verify-image.ts";
import type { UnpackBlobRequest, UnpackedBlob } from "./unpack-blob.ts";

export type Job =
  | ({
      readonly job: "unpack";
      /** The source is still being written: lines of `Growth` follow. */
      readonly isGrowing: boolean;
    } & Omit<UnpackBlobRequest, "bytes" | "onProgress" | "signal">)
  /** Copies the files of one directory into another. */
  | { readonly job: "copy"; readonly from: string; readonly to: string }
  /** Waits until everything of the file system a directory is on has reached the disk. */
  | { readonly job: "sync"; readonly directory: string }
  /** Compares an EROFS image with the digests it was made with. */
  | ({ readonly job: "verify" } & VerifyImageRequest)
  /** Measures what directories take on the disk. */
  | { readonly job: "measure"; readonly directories: readonly string[] };

export interface JobResults {
  readonly unpack: UnpackedBlob;
  readonly copy: Record<never, never>;
  readonly sync: Record<never, never>;
  readonly verify: { readonly isRight: boolean };
  readonly measure: { readonly bytes: readonly number[] };
}

/** A helper ends after its `result` or `failed` line. */
export type JobLine =
  | { readonly progress: number }
  | { readonly result: unknown }
  | { readonly failed: JobFailure };

export interface JobFailure {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string | undefined;
}

export function encodeFailure(error: unknown): JobFailure {
  const known = error instanceof EngineError ? error : undefined;
  return { kind: known?.kind ?? "internal", message: messageOf(error), hint: known?.hint };
}

/** The helper's error as if it had been thrown here. */
export function decodeFailure({ kind, message, hint }: JobFailure): EngineError {
  const options = hint === undefined ? {} : { hint };
  const ErrorOfKind = ERRORS[kind] ?? Internal;
  return new ErrorOfKind(message, options);
}

const ERRORS: Partial<
  Record<ErrorKind, new (message: string, options: { readonly hint?: string }) => EngineError>
> = {
  invalidArgument: InvalidArgument,
  notFound: NotFound,
  notImplemented: NotImplemented,
  permissionDenied: PermissionDenied,
  unavailable: Unavailable,
};
