/** Brings a packed project into a registry. */
import { systemClock } from "#base/clock.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { PackedArtifact } from "#compose/remote/artifact.ts";
import { uploadBlob } from "#registry/upload-blob.ts";
import { parseReference, withDefaultTag } from "#spec/reference.ts";
import { credentialsFor, openRegistries } from "../../registries.ts";
import type { Session } from "../../session.ts";
import type { ArtifactPlace } from "./oci.ts";

const MAX_ATTEMPTS = 5;

/**
 * @param artifacts the same project in several forms: the first that the registry takes
 * @throws what registries say
 */
export async function pushArtifact(
  session: Session,
  { name, insecureRegistries }: ArtifactPlace,
  artifacts: readonly PackedArtifact[],
): Promise<void> {
  const reference = withDefaultTag(parseReference(name));
  if (reference.digest)
    throw new InvalidArgument(`cannot publish to ${name}: a digest cannot be chosen`, { hint: "Name a tag" });
  const credentials = await credentialsFor(session, reference.domain);
  const repository = openRegistries(insecureRegistries).openForPush(reference, credentials);
  await repository.check();
  for (const [index, { manifest, blobs }] of artifacts.entries()) {
    for (const { descriptor, bytes } of blobs) {
      if (await repository.hasBlob(descriptor.digest)) continue;
      await uploadBlob(
        { repository, clock: systemClock, maxAttempts: MAX_ATTEMPTS },
        {
          digest: descriptor.digest,
          sizeBytes: descriptor.size,
          open: async function* (offset, end) {
            yield bytes.subarray(offset, end);
          },
        },
      );
    }
    try {
      return await repository.putManifest(reference.tag!, manifest.descriptor, manifest.bytes);
    } catch (error) {
      if (!(error instanceof InvalidArgument) || index === artifacts.length - 1) throw error;
    }
  }
}
