import type { Digest } from "#base/digest.ts";
import { Cancelled } from "#base/errors.ts";
import type { Repository } from "#registry/client.ts";
import type { PushRepository } from "#registry/push-repository.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";

export interface MissingDeps {
  /** Where the push goes. */
  readonly to: Pick<PushRepository, "hasBlob" | "hasManifest" | "mount" | "cancelUpload" | "putManifest">;
  /** Other repositories of the same registry that should have it, nearest first, by their paths. */
  readonly from: readonly { readonly path: string; readonly repository: Pick<Repository, "manifest"> }[];
}

/** As deep as indexes may be within each other. */
const MAX_DEPTH = 3;

/**
 * Makes a manifest that is not here be in the repository that is pushed to: it is there already, or another repository
 * of that registry has it, whose blobs are mounted without passing through this machine.
 * @returns whether it is there now. What was mounted in vain is garbage there, which registries collect.
 */
export async function bringMissing(
  deps: MissingDeps,
  missing: Descriptor,
  signal: AbortSignal,
  depth = 0,
): Promise<boolean> {
  if (await deps.to.hasManifest(missing.digest, signal)) return true;
  if (depth > MAX_DEPTH) return false;
  for (const source of deps.from) {
    const isBrought = await bringFrom(deps, source, missing, signal, depth).catch((error) => {
      if (error instanceof Cancelled || signal.aborted) throw error;
      return false; // it has it no more, or does not let us read it: then the push is of what is here
    });
    if (isBrought) return true;
  }
  return false;
}

async function bringFrom(
  deps: MissingDeps,
  { path, repository }: MissingDeps["from"][number],
  missing: Descriptor,
  signal: AbortSignal,
  depth: number,
): Promise<boolean> {
  const { bytes, descriptor } = await repository.manifest(missing.digest, signal);
  const text = Buffer.from(bytes).toString("utf8");
  const parsed = parseManifest(text, descriptor.mediaType, `manifest ${missing.digest}`);
  if (parsed.kind === "index") {
    for (const child of parsed.index.manifests)
      if (!(await bringMissing(deps, child, signal, depth + 1))) return false;
  } else {
    const blobs = [parsed.manifest.config, ...parsed.manifest.layers];
    for (const { digest, mediaType } of blobs)
      if (mediaKind(mediaType) !== "foreignLayer" && !(await mountBlob(deps.to, digest, path, signal)))
        return false;
  }
  await deps.to.putManifest(missing.digest, { ...descriptor, digest: missing.digest }, bytes, signal);
  return true;
}

async function mountBlob(
  to: MissingDeps["to"],
  digest: Digest,
  from: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (await to.hasBlob(digest, signal)) return true;
  const outcome = await to.mount(digest, from, signal);
  if (outcome === "mounted") return true;
  if (outcome) await to.cancelUpload(outcome).catch(() => {}); // we have no bytes to send
  return false;
}
