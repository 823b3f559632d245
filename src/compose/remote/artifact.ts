/**
 * A project as an artifact in a registry: its Compose files one after the other, the files they extend and their env files
 * beside them under names of their own. Pure; the format is the one that `docker compose publish` made.
 */
import { type Digest, sha256 } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";

export const ARTIFACT = {
  type: "application/vnd.docker.compose.project",
  file: "application/vnd.docker.compose.file+yaml",
  envFile: "application/vnd.docker.compose.envfile",
  /** Stands for the type in manifests of version 1.0, which have no field for it. */
  emptyConfig: "application/vnd.docker.compose.config.empty.v1+json",
} as const;

const OCI_EMPTY = "application/vnd.oci.empty.v1+json";

const ANNOTATION = {
  file: "com.docker.compose.file",
  extended: "com.docker.compose.extends",
  envFile: "com.docker.compose.envfile",
  version: "com.docker.compose.version",
} as const;

/** What all files together become. */
export const MAIN_FILE = "compose.yaml";

/** A file larger than this is refused unread. */
export const MAX_ARTIFACT_FILE_BYTES = 8 << 20;
const MAX_ARTIFACT_FILES = 1000;

export interface ArtifactFile {
  /** A plain file name. The files that are called `MAIN_FILE` are one file, in this order. */
  readonly name: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * Which blob becomes which file.
 * @param name of the artifact, for errors
 * @throws InvalidArgument when it is no project, and for a file whose name is not plain (CVE-2025-62725)
 */
export function filesOfArtifact({ artifactType, config, layers }: Manifest, name: string): ArtifactFile[] {
  if (artifactType ? artifactType !== ARTIFACT.type : config.mediaType !== ARTIFACT.emptyConfig)
    throw new InvalidArgument(`${name} is not a Compose project: it is ${artifactType || config.mediaType}`, {
      hint: "Name an artifact that was made by `wharf compose publish`",
    });
  if (layers.length > MAX_ARTIFACT_FILES)
    throw new InvalidArgument(`${name} has more than ${MAX_ARTIFACT_FILES} files`);
  const files = layers.flatMap((layer) => fileOf(layer, name));
  const others = files.map((file) => file.name).filter((file) => file !== MAIN_FILE);
  if (!files.some((file) => file.name === MAIN_FILE))
    throw new InvalidArgument(`${name} has no Compose file`);
  if (new Set(others).size < others.length) throw new InvalidArgument(`${name} has two files with one name`);
  return files;
}

function fileOf({ mediaType, annotations = {}, digest, size }: Descriptor, artifact: string): ArtifactFile[] {
  if (mediaType !== ARTIFACT.file && mediaType !== ARTIFACT.envFile) return [];
  if (size > MAX_ARTIFACT_FILE_BYTES)
    throw new InvalidArgument(
      `${artifact}: file ${digest} is larger than ${MAX_ARTIFACT_FILE_BYTES >> 20} MiB`,
    );
  const isEnvFile = mediaType === ARTIFACT.envFile;
  if (!isEnvFile && annotations[ANNOTATION.extended] === undefined)
    return [{ name: MAIN_FILE, digest, size }];
  const name = annotations[isEnvFile ? ANNOTATION.envFile : ANNOTATION.file] ?? "";
  if (!/^[^/\\\0]+$/.test(name) || name === "." || name === ".." || name === MAIN_FILE)
    throw new InvalidArgument(`${artifact}: ${JSON.stringify(name)} is no plain name for a file`, {
      hint: "The artifact is broken, or made to write elsewhere: do not use it",
    });
  return [{ name, digest, size }];
}

/** One file of a project that is published. */
export interface PublishedFile {
  readonly kind: "compose" | "extended" | "env";
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackedArtifact {
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** @param ociVersion of the specification of manifests: "1.0" has no field for an artifact's type */
export function packArtifact(
  files: readonly PublishedFile[],
  { ociVersion, version }: { readonly ociVersion: "1.0" | "1.1"; readonly version: string },
): PackedArtifact {
  const isOld = ociVersion === "1.0";
  const config = blob(isOld ? ARTIFACT.emptyConfig : OCI_EMPTY, new TextEncoder().encode("{}"));
  const layers = files.map(({ kind, name, bytes }) =>
    blob(kind === "env" ? ARTIFACT.envFile : ARTIFACT.file, bytes, annotationsOf(kind, name, version)),
  );
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    ...(isOld ? {} : { artifactType: ARTIFACT.type }),
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return {
    manifest: {
      descriptor: { mediaType: MEDIA_TYPE.ociManifest, digest: sha256(bytes), size: bytes.byteLength },
      bytes,
    },
    blobs: [config, ...layers],
  };
}

function annotationsOf(kind: PublishedFile["kind"], name: string, version: string): Record<string, string> {
  return {
    [ANNOTATION.version]: version,
    ...(kind === "env" ? { [ANNOTATION.envFile]: name } : { [ANNOTATION.file]: name }),
    ...(kind === "extended" ? { [ANNOTATION.extended]: "true" } : {}),
  };
}

function blob(mediaType: string, bytes: Uint8Array, annotations?: Record<string, string>) {
  const descriptor: Descriptor = {
    mediaType,
    digest: sha256(bytes),
    size: bytes.byteLength,
    ...(annotations ? { annotations } : {}),
  };
  return { descriptor, bytes };
}
