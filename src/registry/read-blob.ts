import type { Digest } from "#base/digest.ts";
import type { Repository } from "./client.ts";
import { Unreachable } from "./network-failure.ts";

/**
 * The bytes of a blob from `offset` to `end`, from wherever in it the registry begins: one without ranges sends all.
 * They are not checked against the digest: that is for who has all of them.
 * @throws Unreachable "cut" when fewer come
 */
export async function* readBlob(
  repository: Pick<Repository, "blob">,
  digest: Digest,
  range: { readonly offset: number; readonly end: number; readonly signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { offset, end, signal } = range;
  using response = await repository.blob(digest, offset, signal);
  let at = response.status === 206 ? offset : 0;
  for await (const chunk of response.body()) {
    const start = Math.min(Math.max(offset - at, 0), chunk.byteLength);
    const stop = Math.min(chunk.byteLength, end - at);
    at += chunk.byteLength;
    if (stop > start) yield chunk.subarray(start, stop);
    if (at >= end) return;
  }
  if (at < end) throw new Unreachable(`${digest} ended after ${at} of ${end} bytes: unexpected EOF`, "cut");
}
