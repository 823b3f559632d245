import { InvalidArgument } from "#base/errors.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import { isBefore } from "#spec/docker/versions.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { normalisePlatform } from "#spec/platform.ts";
import { canonicalReference, parseReference, withTag } from "#spec/reference.ts";
import { decode } from "../decode.ts";
import type { ApiRequest, Reply } from "../handler.ts";
import { progressStream } from "../json-lines.ts";
import { decodeRegistryAuth } from "../registry-auth.ts";
import { AuthConfigSchema } from "../schemas/auth.ts";
import { PlatformSchema } from "../schemas/platform.ts";
import type { ApiParts } from "../types.ts";

/** The name comes with its tag or beside it; without one all tags are meant. */
export async function pushImage(request: ApiRequest, { images }: ApiParts): Promise<Reply> {
  const { params, query, signal } = request;
  const named = parseReference(params.name!);
  const tag = query.optional("tag");
  return progressStream(
    images.push({
      reference: canonicalReference(tag === undefined ? named : withTag(named, tag)),
      platform: platformOf(request),
      compression: compressionOf(query.optional("compression")),
      auth: await authOf(request),
      signal,
    }),
  );
}

const MAX_AUTH_BYTES = 64 << 10;

/** Old clients send credentials as the body. */
async function authOf({ headers, body }: ApiRequest): Promise<AuthConfig | undefined> {
  const header = headers["x-registry-auth"];
  if (header !== undefined || body.declaredBytes === 0) return decodeRegistryAuth(header);
  const text = Buffer.from(await body.collect(MAX_AUTH_BYTES))
    .toString()
    .trim();
  if (text === "") return undefined;
  return decode(AuthConfigSchema, parseJson(text, "bad parameters and missing X-Registry-Auth"));
}

/** Unlike elsewhere in the API the platform is an object here. */
function platformOf({ query, version }: ApiRequest): Platform | undefined {
  const text = query.optional("platform");
  if (text === undefined || isBefore(version, "1.46")) return undefined;
  const { os, architecture, variant } = decode(PlatformSchema, parseJson(text, "invalid platform"));
  if (!os || !architecture)
    throw new InvalidArgument("both OS and Architecture must be specified in platform");
  return normalisePlatform({ os, architecture, ...(variant ? { variant } : {}) });
}

function compressionOf(name: string | undefined): "gzip" | "zstd" | undefined {
  if (name === undefined || name === "gzip" || name === "zstd") return name;
  throw new InvalidArgument(`unknown compression ${JSON.stringify(name)}: gzip and zstd are supported`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(`${what}: it is no JSON`, { cause: error });
  }
}
