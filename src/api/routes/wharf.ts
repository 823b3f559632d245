/** What Docker's API has no words for. Other clients never ask; ours does without where an engine does not know it. */

import { type ApiRequest, json, jsonText, type Reply, type Route, stream } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { portMap } from "../map/ports.ts";
import { MissingContentSchema } from "../schemas/content.ts";
import { PublishSchema } from "../schemas/publish.ts";
import type { ApiParts } from "../types.ts";
import { routes as volumeRoutes } from "./_wharf-volumes.ts";

export const routes: readonly Route[] = [
  { method: "POST", path: "/wharf/content/missing", handle: missing },
  { method: "GET", path: "/wharf/content/{digest}", handle: read },
  { method: "GET", path: "/wharf/images/{name...}/target", handle: target },
  { method: "POST", path: "/wharf/containers/{id}/ports", handle: publish },
  { method: "GET", path: "/wharf/stats", handle: stats },
  { method: "GET", path: "/wharf/network/rules", handle: rules },
  ...volumeRoutes,
];

async function missing(request: ApiRequest, { images }: ApiParts): Promise<Reply> {
  const body = await readJson(request, MissingContentSchema);
  return json({ missing: images.blobs.missing(body?.digests ?? []) });
}

function read({ params, query }: ApiRequest, { images }: ApiParts): Reply {
  const pieces = images.blobs.read(params.digest!, query.optionalInteger("offset") ?? 0);
  return stream(pieces, { contentType: "application/octet-stream" });
}

/** docs/networks.md tells of it. Answers what is published now; an empty body asks for just that. */
async function publish(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { id } = request.params;
  const { Add, Remove } = (await readJson(request, PublishSchema)) ?? {};
  await containers.publish(id!, { add: Add ?? {}, remove: Remove ?? {} });
  return json({ Ports: portMap(containers.get(id!)) });
}

/** One sample of each `name`, or of all that run: what `stats --no-stream` shows, in one answer. */
async function stats({ query, signal }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const all = await containers.statsOfMany(query.list("name"), { all: query.boolean("all"), signal });
  return jsonText(`[${all.map((one) => one ?? "null").join(",\n")}]`);
}

/** `raw`: the tables as nft prints them. */
function rules({ query }: ApiRequest, { networks }: ApiParts): Reply {
  return json(query.boolean("raw") ? { text: networks.rules() } : networks.ruleList());
}

function target({ params }: ApiRequest, { images }: ApiParts): Reply {
  return json(images.blobs.target(params.name!));
}
