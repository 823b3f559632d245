/** Rotated files become ".gz". Whoever renames a log's files is its supervisor, so that a rotation never meets a rename of ours. */
import { createReadStream, createWriteStream, existsSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Limiter } from "#base/async.ts";
import { type LogFile, openLogFiles } from "./files.ts";

/** Of all containers together: nobody waits for it, and it must not take the machine. */
const AT_ONCE = 1;
/** Half the time of gzip's usual level for a few percent more bytes. */
const LEVEL = 3;

export class LogCompressor {
  readonly #limiter = new Limiter(AT_ONCE);
  readonly #waiting = new Set<string>();

  /**
   * Compresses what of a log is rotated and still plain. Asked again while it waits it does nothing more.
   * @param adopt puts the finished file in the place of the one with this inode; false when nobody can any more
   */
  async compress(path: string, adopt: (inode: number) => boolean, signal: AbortSignal): Promise<void> {
    if (this.#waiting.has(path)) return;
    this.#waiting.add(path);
    await this.#limiter.run(async () => {
      this.#waiting.delete(path);
      const files = openLogFiles(path);
      try {
        for (const file of files.slice(0, -1))
          if (!file.isCompressed) await compressFile(path, file, adopt, signal);
      } finally {
        for (const file of files) file[Symbol.dispose]();
      }
    });
  }
}

async function compressFile(
  path: string,
  file: LogFile,
  adopt: (inode: number) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const finished = `${path}.compressed`;
  try {
    await pipeline(
      createReadStream("", { fd: file.fd, autoClose: false, start: 0 }),
      createGzip({ level: LEVEL }),
      createWriteStream(finished, { mode: 0o640 }),
      { signal },
    );
    if (adopt(file.inode)) await untilGone(finished, signal);
    else rmSync(finished, { force: true });
  } catch (error) {
    rmSync(finished, { force: true });
    throw error;
  }
}

const LOOK_EVERY_MS = 20;
const LOOKS_MAX = 500;

/** The next file needs the name; the supervisor takes it within a turn of its loop. */
async function untilGone(path: string, signal: AbortSignal): Promise<void> {
  for (let looks = 0; existsSync(path); looks++) {
    if (signal.aborted || looks === LOOKS_MAX) return rmSync(path, { force: true });
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
