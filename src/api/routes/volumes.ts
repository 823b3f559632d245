import type { Filters } from "#base/filters.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { type ApiRequest, empty, json, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { volumeView } from "../map/volume.ts";
import { VolumeCreateSchema } from "../schemas/volumes.ts";
import type { ApiParts } from "../types.ts";
import { noClusterVolumes } from "./_swarm-errors.ts";
import { isDryRun, planVolumePrune, planVolumeRemoval } from "./dry-run.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/volumes", handle: list },
  { method: "POST", path: "/volumes/create", handle: create },
  { method: "POST", path: "/volumes/prune", handle: prune, since: "1.25" },
  { method: "GET", path: "/volumes/{name}", handle: inspect },
  { method: "PUT", path: "/volumes/{name}", handle: noClusterVolumes, since: "1.42" },
  { method: "DELETE", path: "/volumes/{name}", handle: remove },
];

/** `size` is ours: Docker measures volumes for `system df` alone. */
async function list({ query }: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const { volumes: found, warnings } = await volumes.listAll(query.filters(), {
    sizes: query.boolean("size"),
  });
  return json({ Volumes: found.map(volumeView), Warnings: warnings.length > 0 ? warnings : null });
}

async function inspect({ params, query }: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  return json(volumeView(await volumes.inspect(params.name!, { sizes: query.boolean("size") })));
}

async function create(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const body = (await readJson(request, VolumeCreateSchema)) ?? {};
  return json(volumeView(await volumes.create(body)), 201);
}

async function remove(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return await planVolumeRemoval(request, parts);
  await parts.volumes.remove(request.params.name!, { force: request.query.boolean("force") });
  return empty(204);
}

async function prune(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return await planVolumePrune(request, pruneFilters(request), parts);
  const { removed, spaceReclaimed } = await parts.volumes.prune(pruneFilters(request));
  return json({ VolumesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: spaceReclaimed });
}

/** Before 1.42 named volumes were pruned with the anonymous ones. */
function pruneFilters({ query, version }: ApiRequest): Filters {
  const filters = query.filters();
  return isBefore(version, "1.42") ? { ...filters, all: ["true"] } : filters;
}
