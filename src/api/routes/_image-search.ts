import { type ApiRequest, json, type Reply } from "../handler.ts";
import { decodeRegistryAuth } from "../registry-auth.ts";
import type { ApiParts } from "../types.ts";

export async function searchImages(request: ApiRequest, { images }: ApiParts): Promise<Reply> {
  const { query, headers, signal } = request;
  return json(
    await images.search({
      term: query.text("term"),
      limit: query.optionalInteger("limit"),
      filters: query.filters(),
      auth: decodeRegistryAuth(headers["x-registry-auth"]),
      signal,
    }),
  );
}
