import type { Platform } from "#spec/oci/manifest.ts";
import { type ApiRequest, json, type Reply, type Route } from "../handler.ts";
import { decodeRegistryAuth } from "../registry-auth.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/distribution/{name...}/json", handle: inspect, since: "1.30" },
];

async function inspect(request: ApiRequest, { images }: ApiParts): Promise<Reply> {
  const { params, headers, signal } = request;
  const auth = decodeRegistryAuth(headers["x-registry-auth"]);
  const { descriptor, platforms } = await images.inspectDistribution(params.name!, { auth, signal });
  const { mediaType, digest, size } = descriptor;
  return json({ Descriptor: { mediaType, digest, size }, Platforms: platforms.map(platformOf) });
}

/** In the order Docker writes it. */
function platformOf(platform: Platform): Platform {
  const { architecture, os, ...rest } = platform;
  return { architecture, os, ...rest };
}
