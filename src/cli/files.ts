/** Files named on the command line. */
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { CliError } from "./errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
};

/** "open PATH: no such file or directory", as Docker's users know it. */
export function fileError(verb: string, path: string, error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new CliError(`${verb} ${path}: ${REASONS[code ?? ""] ?? message}`);
}

/** @throws CliError when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError("open", path, error);
  }
}

/**
 * A file for a container's id, made before the container so that nothing is created whose id cannot be told.
 * @throws CliError when the file is there already
 */
export function reserveIdFile(path: string): { readonly write: (id: string) => void } {
  try {
    closeSync(openSync(path, "wx", 0o644));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw fileError("failed to create the container ID file: open", path, error);
    throw new CliError(
      `container ID file found, make sure the other container isn't running or delete ${path}`,
    );
  }
  let isWritten = false;
  process.once("exit", () => {
    if (!isWritten) rmSync(path, { force: true });
  });
  return {
    write(id) {
      writeFileSync(path, id);
      isWritten = true;
    },
  };
}

/** The file as a stream. @throws CliError when it cannot be opened */
export function openForReading(path: string): AsyncIterable<Uint8Array> {
  try {
    const fd = openSync(path, "r");
    const isDirectory = fstatSync(fd).isDirectory();
    closeSync(fd);
    if (isDirectory) throw new CliError(`read ${path}: is a directory`);
  } catch (error) {
    throw error instanceof CliError ? error : fileError("open", path, error);
  }
  return Bun.file(path).stream() as unknown as AsyncIterable<Uint8Array>;
}

/** Writes a stream under a temporary name, which becomes the real one when all has come. Mode 0600. */
export async function writeStream(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  let fd: number;
  try {
    fd = openSync(temporary, "wx", 0o600);
  } catch (error) {
    throw fileError("open", path, error);
  }
  try {
    for await (const piece of pieces)
      for (let at = 0; at < piece.byteLength; ) at += writeSync(fd, piece, at);
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
