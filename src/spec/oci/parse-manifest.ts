import { isDigest } from "#base/digest.ts";
import { InvalidArgument, NotImplemented } from "#base/errors.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Descriptor, Index, Manifest } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";

/** What a reference's target turned out to be. */
export type ParsedManifest =
  | { readonly kind: "index"; readonly index: Index }
  | { readonly kind: "manifest"; readonly manifest: Manifest };

/** More layers than any driver can stack; see `planPull` for what an image may have. */
const MAX_DESCRIPTORS = 10_000;

/**
 * Reads a manifest or an index, whichever its declared type says, and checks all we rely on.
 * @param mediaType of the HTTP answer or the descriptor that named it; "" takes the document's own word
 * @param what names it in errors
 * @throws InvalidArgument for anything ambiguous: a document that could be read as both (CVE-2021-41190) is refused
 */
export function parseManifest(text: string, mediaType: string, what: string): ParsedManifest {
  const document = parseObject(text, what);
  const declared = document.mediaType ?? mediaType;
  if (typeof declared !== "string") throw invalid(what, "mediaType is no text");
  if (mediaKind(mediaType) && mediaKind(declared) !== mediaKind(mediaType))
    throw invalid(what, `it says it is ${declared}, the registry says ${mediaType}`);
  const kind = mediaKind(declared) ?? mediaKind(mediaType);
  if (kind === "schema1" || document.schemaVersion === 1)
    throw new NotImplemented(`${what}: manifest version 2, schema 1 is not supported`, {
      hint: "push the image again with a current client",
    });
  if (document.schemaVersion !== 2) throw invalid(what, "schemaVersion is not 2");
  if (document.manifests !== undefined && (document.layers !== undefined || document.config !== undefined))
    throw invalid(what, "it is manifest and index at once");
  if (kind === "index" || (kind === undefined && document.manifests !== undefined)) {
    const manifests = descriptors(document.manifests, "manifests", what);
    return { kind: "index", index: { ...document, schemaVersion: 2, manifests } };
  }
  if (kind !== "manifest" && kind !== undefined) throw invalid(what, `${declared} is no image manifest`);
  const config = descriptor(document.config, "config", what);
  const layers = descriptors(document.layers, "layers", what);
  return { kind: "manifest", manifest: { ...document, schemaVersion: 2, config, layers } };
}

/**
 * Reads an image configuration; unknown fields are kept.
 * @throws InvalidArgument when it lacks what we rely on
 */
export function parseImageConfig(text: string, what: string): ImageConfig {
  const config = parseObject(text, what);
  const rootfs = (config.rootfs ?? {}) as Record<string, unknown>;
  const diffIds = rootfs.diff_ids ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === "string" && isDigest(id)))
    throw invalid(what, "rootfs.diff_ids is no list of digests");
  for (const field of ["config", "container_config"]) checkRunConfig(config[field], field, what);
  const history = config.history ?? [];
  if (!Array.isArray(history) || !history.every(isObject))
    throw invalid(what, "history is no list of objects");
  return {
    ...config,
    architecture: typeof config.architecture === "string" ? config.architecture : "",
    os: typeof config.os === "string" ? config.os : "",
    rootfs: { type: "layers", diff_ids: diffIds },
  };
}

/** Whether a value is what containers will take it for: one of another type would fail far from here. */
const IS_FINE = {
  text: (value: unknown) => typeof value === "string",
  list: (value: unknown) => Array.isArray(value) && value.every(IS_FINE.text),
  texts: (value: unknown) => isObject(value) && Object.values(value).every(IS_FINE.text),
  object: isObject,
} as const;

const RUN_CONFIG: Readonly<Record<string, keyof typeof IS_FINE>> = {
  Cmd: "list",
  Domainname: "text",
  Entrypoint: "list",
  Env: "list",
  ExposedPorts: "object",
  Healthcheck: "object",
  Hostname: "text",
  Labels: "texts",
  OnBuild: "list",
  Shell: "list",
  StopSignal: "text",
  User: "text",
  Volumes: "object",
  WorkingDir: "text",
};

function checkRunConfig(value: unknown, field: string, what: string): void {
  if (value === undefined || value === null) return;
  if (!isObject(value)) throw invalid(what, `${field} is no object`);
  for (const [name, kind] of Object.entries(RUN_CONFIG)) {
    const own = value[name];
    if (own !== undefined && own !== null && !IS_FINE[kind](own))
      throw invalid(what, `${field}.${name} is malformed`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(`${what} is no JSON`, { cause: error });
  }
  if (!isObject(value)) throw invalid(what, "it is no JSON object");
  return value;
}

function descriptors(value: unknown, field: string, what: string): Descriptor[] {
  if (!Array.isArray(value)) throw invalid(what, `${field} is no list`);
  if (value.length > MAX_DESCRIPTORS)
    throw invalid(what, `${field} has ${value.length} entries, at most ${MAX_DESCRIPTORS} are read`);
  return value.map((item, index) => descriptor(item, `${field}[${index}]`, what));
}

function descriptor(value: unknown, field: string, what: string): Descriptor {
  const { mediaType, digest, size, platform } = (value ?? {}) as Record<string, unknown>;
  if (typeof mediaType !== "string") throw invalid(what, `${field}.mediaType is no text`);
  if (typeof digest !== "string" || !isDigest(digest)) throw invalid(what, `${field}.digest is no digest`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid(what, `${field}.size is no size`);
  const { os, architecture } = (platform ?? {}) as Record<string, unknown>;
  if (platform !== undefined && (typeof os !== "string" || typeof architecture !== "string"))
    throw invalid(what, `${field}.platform is no platform`);
  return value as Descriptor;
}

function invalid(what: string, reason: string): InvalidArgument {
  return new InvalidArgument(`invalid ${what}: ${reason}`);
}
