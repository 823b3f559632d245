import type { InstallRequest } from "#managed/types.ts";
import { type ApiRequest, empty, json, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { progressStream } from "../json-lines.ts";
import { decodeRegistryAuth } from "../registry-auth.ts";
import { PluginPrivilegesSchema, PluginSettingsSchema } from "../schemas/plugins.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/plugins", handle: list },
  { method: "GET", path: "/plugins/privileges", handle: privileges },
  { method: "POST", path: "/plugins/pull", handle: pull },
  { method: "POST", path: "/plugins/create", handle: create, bodyIs: "stream" },
  { method: "GET", path: "/plugins/{name...}/json", handle: inspect },
  { method: "DELETE", path: "/plugins/{name...}", handle: remove },
  { method: "POST", path: "/plugins/{name...}/enable", handle: enable },
  { method: "POST", path: "/plugins/{name...}/disable", handle: disable },
  { method: "POST", path: "/plugins/{name...}/upgrade", handle: upgrade, since: "1.26" },
  { method: "POST", path: "/plugins/{name...}/push", handle: push },
  { method: "POST", path: "/plugins/{name...}/set", handle: set },
];

function list({ query }: ApiRequest, { plugins }: ApiParts): Reply {
  return json(plugins.list(query.filters()));
}

function inspect({ params }: ApiRequest, { plugins }: ApiParts): Reply {
  return json(plugins.get(params.name!));
}

async function privileges(request: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  return json(await plugins.privileges(remoteOf(request)));
}

async function pull(request: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  const { name, progress } = plugins.install(await installRequest(request), request.query.optional("name"));
  return named(progressStream(progress), name);
}

async function upgrade(request: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  const { name, progress } = plugins.upgrade(request.params.name!, await installRequest(request));
  return named(progressStream(progress), name);
}

/** Clients learn the whole name of what they asked for. */
function named(reply: ReturnType<typeof progressStream>, name: string): Reply {
  return { ...reply, headers: { ...reply.headers, "Docker-Plugin-Name": name } };
}

async function installRequest(request: ApiRequest): Promise<InstallRequest> {
  const granted = (await readJson(request, PluginPrivilegesSchema)) ?? [];
  const privileges = granted.map(({ Name = "", Value = [] }) => ({ Name, Value }));
  return { ...remoteOf(request), privileges };
}

function remoteOf({ query, headers, signal }: ApiRequest) {
  return { remote: query.text("remote"), auth: decodeRegistryAuth(headers["x-registry-auth"]), signal };
}

async function create({ query, body, signal }: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  await plugins.create(query.text("name"), body, signal);
  return empty(204);
}

function push({ params, headers, signal }: ApiRequest, { plugins }: ApiParts): Reply {
  const auth = decodeRegistryAuth(headers["x-registry-auth"]);
  return progressStream(plugins.push(params.name!, { auth, signal }).progress);
}

async function enable({ params, query }: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  await plugins.enable(params.name!, query.integer("timeout"));
  return empty(200);
}

async function disable({ params, query }: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  await plugins.disable(params.name!, { force: query.boolean("force") });
  return empty(200);
}

async function remove({ params, query }: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  await plugins.remove(params.name!, { force: query.boolean("force") });
  return empty(200);
}

async function set(request: ApiRequest, { plugins }: ApiParts): Promise<Reply> {
  await plugins.set(request.params.name!, (await readJson(request, PluginSettingsSchema)) ?? []);
  return empty(204);
}
