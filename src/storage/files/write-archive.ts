import { detectCompression, MAGIC_BYTES } from "#base/compress.ts";
import { decompressArchive } from "#base/decompress-program.ts";
import { dieWithParent } from "#kernel/process/die-with-parent.ts";
import { HandedArchive } from "./handed-archive.ts";
import { type ArchivePlace, CONNECTION_FD } from "./job.ts";
import type { JobInput } from "./job-input.ts";

/**
 * Reads an archive to its end, from the daemon or from the client's own connection.
 * @param use given the archive's plain bytes, each piece valid during the call
 * @returns what was read of the connection behind the archive
 */
export async function readArchive(input: JobInput, use: (chunk: Uint8Array) => void): Promise<Uint8Array> {
  const { connection } = (await input.line()) as ArchivePlace;
  if (!connection) {
    for await (const chunk of decompressArchive(input.rest())) use(chunk);
    return new Uint8Array();
  }
  dieWithParent(process.ppid); // nothing of what comes tells that the daemon has gone
  const received = await input.bytes(connection.receivedBytes);
  const archive = new HandedArchive(CONNECTION_FD, connection.position, received);
  const first = archive.next();
  if (first && isPlain(first)) for (let chunk = first; chunk; chunk = archive.next()!) use(chunk);
  else if (first) for await (const chunk of decompressArchive(piecesOf(first, archive))) use(chunk);
  return archive.beyond;
}

function isPlain(head: Uint8Array): boolean {
  return head.byteLength >= MAGIC_BYTES && detectCompression(head) === "none";
}

/** Copies, because decompression works on in other threads. */
async function* piecesOf(first: Uint8Array, archive: HandedArchive): AsyncGenerator<Uint8Array> {
  for (let chunk: Uint8Array | undefined = first; chunk; chunk = archive.next()) yield chunk.slice();
}
