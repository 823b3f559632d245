import type { Digest } from "#base/digest.ts";
import type { ContentStore } from "#storage/types.ts";

/**
 * Puts a small document into the store under the digest others know it by, in whichever algorithm that is.
 * @throws InvalidArgument when the bytes are not what the digest says
 */
export async function storeBytes(
  content: Pick<ContentStore, "ingest" | "info">,
  digest: Digest,
  bytes: Uint8Array,
): Promise<void> {
  await using ingest = await content.ingest(digest);
  if (content.info(digest)) return;
  if (ingest.offset > 0) await ingest.restart();
  await ingest.write(bytes);
  await ingest.commit({ digest, sizeBytes: bytes.byteLength });
}
