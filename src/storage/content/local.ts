import { chmodSync, close, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KeyedLock } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import { type Digest, isDigest, parseDigest, sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { Turns } from "#base/turns.ts";
import type { ContentStore } from "../types.ts";
import { openIngest } from "./ingest.ts";

/** Manifests and configs are bounded so that none can fill the memory (reference attack 22). */
const MAX_TEXT_BYTES = 8 << 20;
/** Bytes are hashed so long before requests get their turn. */
const TURN_MS = 3;

/**
 * Blobs as files: `blobs/sha256/HEX`, complete and verified from the moment they are visible, never changed after.
 * Bytes on their way lie in `ingest/`, one file for each key.
 * @param directory made if missing, readable by its owner only
 */
export function createContentStore(directory: string, clock: Pick<Clock, "now">): ContentStore {
  const blobs = join(directory, "blobs");
  const ingests = join(directory, "ingest");
  for (const each of [directory, blobs, join(blobs, "sha256"), join(blobs, "sha512"), ingests])
    makePrivateDirectory(each);
  const writers = new KeyedLock();
  const turns = new Turns(TURN_MS);

  const blobPath = (digest: Digest): string => {
    const { algorithm, hex } = parseDigest(digest);
    return join(blobs, algorithm, hex);
  };
  const info: ContentStore["info"] = (digest) => {
    const stat = statSync(blobPath(digest), { throwIfNoEntry: false });
    return stat && { digest, sizeBytes: stat.size };
  };
  const ingest: ContentStore["ingest"] = async (key) => {
    const file = join(ingests, fileNameOf(key));
    const lock = await writers.acquire(key);
    return await openIngest({ key, file, blobPath, lock, turns });
  };

  return {
    info,
    path(digest) {
      if (!info(digest)) throw missing(digest);
      return blobPath(digest);
    },
    async readText(digest, maxBytes = MAX_TEXT_BYTES) {
      const found = info(digest);
      if (!found) throw missing(digest);
      if (found.sizeBytes > maxBytes)
        throw new InvalidArgument(
          `blob ${digest} has ${found.sizeBytes} bytes, at most ${maxBytes} are read`,
        );
      return await readFile(blobPath(digest), "utf8");
    },
    async put(bytes) {
      const digest = sha256(bytes);
      if (info(digest)) return digest;
      await using writer = await ingest(`put ${digest}`);
      await writer.restart();
      await writer.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
      await writer.commit({ digest });
      return digest;
    },
    ingest,
    delete(digest) {
      const found = info(digest);
      if (found) deleteFile(blobPath(digest), found.sizeBytes);
      return found !== undefined;
    },
    list() {
      const digests = ["sha256", "sha512"].flatMap((algorithm) =>
        readdirSync(join(blobs, algorithm)).map((hex) => `${algorithm}:${hex}`),
      );
      return digests.flatMap((digest) => (isDigest(digest) ? (info(digest) ?? []) : []));
    },
    unfinishedBytes() {
      const stats = readdirSync(ingests).map((name) =>
        statSync(join(ingests, name), { throwIfNoEntry: false }),
      );
      return stats.reduce((sum, stat) => sum + (stat ? stat.blocks * 512 : 0), 0);
    },
    abandonedIngests() {
      return readdirSync(ingests).flatMap((name) => {
        const key = keyOf(name);
        const stat = statSync(join(ingests, name), { throwIfNoEntry: false });
        if (!stat || writers.isHeld(key)) return [];
        return { key, sizeBytes: stat.size, ageMs: Math.max(0, clock.now() - stat.mtimeMs) };
      });
    },
    discardIngest(key) {
      if (!writers.isHeld(key)) rmSync(join(ingests, fileNameOf(key)), { force: true });
    },
  };
}

/** Giving back what smaller files take is done at once. */
const LARGE_BYTES = 16 << 20;

/** Gone when this returns. The bytes of a large one, which take a tenth of a second by the gigabyte, go on another thread. */
function deleteFile(path: string, sizeBytes: number): void {
  const lastHold = sizeBytes < LARGE_BYTES ? undefined : openIfPossible(path);
  rmSync(path, { force: true });
  if (lastHold !== undefined) close(lastHold, () => {});
}

/** @returns undefined where there are too many open files: then it takes its time here */
function openIfPossible(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

/** Private because layers hold other people's setuid programs and secrets (reference attack 14). */
function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}

/** Bounded by what a file name can hold; the letter in front keeps "." and ".." ordinary. */
function fileNameOf(key: string): string {
  const name = `k${encodeURIComponent(key)}`;
  if (name.length > 255) throw new InvalidArgument(`ingest key ${JSON.stringify(key)} is too long`);
  return name;
}

function keyOf(fileName: string): string {
  return decodeURIComponent(fileName.slice(1));
}

function missing(digest: Digest): NotFound {
  return new NotFound(`content ${digest} not found`);
}
