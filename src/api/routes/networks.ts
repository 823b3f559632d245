import { InvalidArgument } from "#base/errors.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { type ApiRequest, empty, json, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { addressStatus, networkView } from "../map/network.ts";
import { NetworkConnectSchema, NetworkCreateSchema, NetworkDisconnectSchema } from "../schemas/networks.ts";
import type { ApiParts } from "../types.ts";
import { isDryRun, planNetworkPrune, planNetworkRemoval } from "./dry-run.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/networks", handle: list },
  { method: "GET", path: "/networks/", handle: list },
  { method: "POST", path: "/networks/create", handle: create },
  { method: "POST", path: "/networks/prune", handle: prune, since: "1.25" },
  { method: "GET", path: "/networks/{id}", handle: inspect },
  { method: "DELETE", path: "/networks/{id}", handle: remove },
  { method: "POST", path: "/networks/{id}/connect", handle: connect },
  { method: "POST", path: "/networks/{id}/disconnect", handle: disconnect },
];

/** Since 1.28 the list comes without the containers. */
function list({ query, version }: ApiRequest, { networks }: ApiParts): Reply {
  const records = networks.list(query.filters());
  const withEndpoints = isBefore(version, "1.28");
  return json(
    records.map((record) => networkView(record, withEndpoints ? networks.endpointsOf(record.id) : [])),
  );
}

/** Since 1.52 with how full its subnets are. */
function inspect({ params, version }: ApiRequest, { networks }: ApiParts): Reply {
  const record = networks.get(params.id!);
  const view = networkView(record, networks.endpointsOf(record.id));
  return json(
    isBefore(version, "1.52") ? view : { ...view, Status: addressStatus(networks.addressUse(record)) },
  );
}

async function create(request: ApiRequest, { networks }: ApiParts): Promise<Reply> {
  const body = await readJson(request, NetworkCreateSchema);
  if (!body) throw new InvalidArgument("invalid JSON: got EOF while reading request body");
  if (isBefore(request.version, "1.48")) delete body.EnableIPv4;
  const { record, warning } = networks.create(body);
  return json({ Id: record.id, Warning: warning }, 201);
}

async function remove(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return planNetworkRemoval(request, parts);
  parts.networks.remove(request.params.id!);
  await parts.networks.gone();
  return empty(204);
}

async function connect(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const body = await readJson(request, NetworkConnectSchema);
  if (!body) throw new InvalidArgument("invalid JSON: got EOF while reading request body");
  const settings = { ...body.EndpointConfig };
  if (isBefore(request.version, "1.54")) delete settings.MacAddress;
  await containers.connect(body.Container, request.params.id!, settings);
  return empty(200);
}

async function disconnect(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const body = await readJson(request, NetworkDisconnectSchema);
  if (!body) throw new InvalidArgument("invalid JSON: got EOF while reading request body");
  await containers.disconnect(body.Container, request.params.id!, body.Force ?? false);
  return empty(200);
}

async function prune(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return planNetworkPrune(request, parts);
  const removed = parts.networks.prune(request.query.filters());
  await parts.networks.gone();
  return json({ NetworksDeleted: removed.length > 0 ? removed : null });
}
