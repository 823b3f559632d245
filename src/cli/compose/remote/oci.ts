/** Compose files of artifacts in registries. */
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDigest, sha256 } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { collectBytes } from "#base/streams.ts";
import {
  type ArtifactFile,
  filesOfArtifact,
  MAIN_FILE,
  MAX_ARTIFACT_FILE_BYTES,
} from "#compose/remote/artifact.ts";
import type { Repository } from "#registry/client.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { parseReference, withDefaultTag } from "#spec/reference.ts";
import { credentialsFor, openRegistries } from "../../registries.ts";
import type { Session } from "../../session.ts";
import { cacheRoot, keepDirectory } from "./cache.ts";

export interface ArtifactPlace {
  /** As an image is named. */
  readonly name: string;
  readonly insecureRegistries: readonly string[];
}

/** @returns the path of the Compose file @throws what registries say; InvalidArgument for what is no project */
export async function fetchFromRegistry(
  session: Session,
  { name, insecureRegistries }: ArtifactPlace,
): Promise<string> {
  const reference = withDefaultTag(parseReference(name));
  const credentials = await credentialsFor(session, reference.domain);
  const repository = openRegistries(insecureRegistries).open(reference, credentials);
  const { bytes, descriptor } = await repository.manifest(reference.digest ?? reference.tag!);
  const parsed = parseManifest(
    Buffer.from(bytes).toString("utf8"),
    descriptor.mediaType,
    `manifest of ${name}`,
  );
  if (parsed.kind === "index")
    throw new InvalidArgument(`${name} is not a Compose project: it is an image index`);
  const files = filesOfArtifact(parsed.manifest, name);
  const { algorithm, hex } = parseDigest(descriptor.digest);
  const directory = await keepDirectory(join(cacheRoot(session.host), "oci", algorithm, hex), (fresh) =>
    writeFiles(repository, files, fresh),
  );
  return join(directory, MAIN_FILE);
}

async function writeFiles(
  repository: Repository,
  files: readonly ArtifactFile[],
  directory: string,
): Promise<void> {
  let hasMain = false;
  for (const file of files) {
    const text = await readFile(repository, file);
    const path = join(directory, file.name);
    if (file.name !== MAIN_FILE) await writeFile(path, text, { flag: "wx", mode: 0o600 });
    else
      await appendFile(path, hasMain ? Buffer.concat([Buffer.from("\n---\n"), text]) : text, { mode: 0o600 });
    hasMain ||= file.name === MAIN_FILE;
  }
}

async function readFile(repository: Repository, { digest, name }: ArtifactFile): Promise<Uint8Array> {
  using response = await repository.blob(digest, 0);
  const bytes = await collectBytes(response.body(), MAX_ARTIFACT_FILE_BYTES, `file ${name}`);
  if (sha256(bytes) !== digest)
    throw new InvalidArgument(`the registry sent another file than ${digest} for ${name}`);
  return bytes;
}
