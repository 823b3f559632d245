/**
 * Removals and prunes with `dry-run=1`: the same checks and the same answer to bad input, but nothing goes. `after` names
 * what is to be thought of as gone, so that several removals can be planned one after the other.
 */
import { decodeFilters } from "#base/filters.ts";
import type { Removed } from "#images/dry-run.ts";
import type { DeletionPlan } from "#spec/deletion-plan.ts";
import type { ApiRequest, Reply } from "../handler.ts";
import { json } from "../handler.ts";
import type { ApiParts } from "../types.ts";

export function isDryRun({ query }: ApiRequest): boolean {
  return query.boolean("dry-run");
}

export async function planContainerRemoval(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { params, query } = request;
  const plan = await containers.planRemove(params.id!, {
    force: query.boolean("force"),
    volumes: query.boolean("v"),
    removed: new Set(query.list("after")),
  });
  return planReply({
    ContainersDeleted: [...plan.containers],
    VolumesDeleted: [...plan.volumes],
    SpaceReclaimed: plan.spaceReclaimed,
  });
}

export async function planContainerPrune({ query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const plan = await containers.planPrune(query.filters());
  return planReply({ ContainersDeleted: [...plan.containers], SpaceReclaimed: plan.spaceReclaimed });
}

/** @param options as for the removal */
export async function planImageRemoval(
  { params, query }: ApiRequest,
  options: Parameters<ApiParts["images"]["remove"]>[1],
  { images }: ApiParts,
): Promise<Reply> {
  return planReply(await images.planRemove(params.name!, options, { images: query.list("after") }));
}

export async function planImagePrune(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  return planReply(await parts.images.planPrune(request.query.filters(), await prunedBefore(request, parts)));
}

export async function planVolumeRemoval(
  { params, query }: ApiRequest,
  { volumes }: ApiParts,
): Promise<Reply> {
  const plan = await volumes.planRemove(params.name!, { force: query.boolean("force") });
  return planReply({ VolumesDeleted: [...plan.removed], SpaceReclaimed: plan.spaceReclaimed });
}

export async function planVolumePrune(
  request: ApiRequest,
  filters: Readonly<Record<string, readonly string[]>>,
  parts: ApiParts,
): Promise<Reply> {
  const { containers = new Set() } = await prunedBefore(request, parts);
  const plan = await parts.volumes.planPrune(filters, containers);
  return planReply({ VolumesDeleted: [...plan.removed], SpaceReclaimed: plan.spaceReclaimed });
}

export function planNetworkRemoval({ params }: ApiRequest, { networks }: ApiParts): Reply {
  return planReply({ NetworksDeleted: [networks.planRemove(params.id!)], SpaceReclaimed: 0 });
}

export function planNetworkPrune({ query }: ApiRequest, { networks }: ApiParts): Reply {
  return planReply({ NetworksDeleted: networks.planPrune(query.filters()), SpaceReclaimed: 0 });
}

/** `after-container-prune` has the filters of a prune of containers that is to be thought of as done. */
async function prunedBefore({ query }: ApiRequest, { containers }: ApiParts): Promise<Removed> {
  const filters = query.optional("after-container-prune");
  if (filters === undefined) return {};
  return { containers: new Set((await containers.planPrune(decodeFilters(filters))).containers) };
}

function planReply(plan: DeletionPlan): Reply {
  return json(plan);
}
