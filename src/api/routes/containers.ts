import { InvalidArgument, NotFound } from "#base/errors.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { type ApiRequest, empty, json, jsonText, type Reply, type Route, stream } from "../handler.ts";
import { MAX_BODY_BYTES, readJson } from "../json-body.ts";
import { containerInspect } from "../map/container.ts";
import { containerSummary } from "../map/container-summary.ts";
import { adjustCreateRequest } from "../map/create-request.ts";
import { ContainerCreateSchema, ContainerUpdateSchema } from "../schemas/containers.ts";
import type { ApiParts } from "../types.ts";
import { exportArchive, getArchive, headArchive, putArchive } from "./archive.ts";
import { checkExperimental, routes as checkpointRoutes } from "./checkpoints.ts";
import { attach, attachWebSocket, logs, wait } from "./container-streams.ts";
import { isDryRun, planContainerPrune, planContainerRemoval } from "./dry-run.ts";
import { createExec } from "./exec.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/containers/json", handle: list },
  { method: "POST", path: "/containers/create", handle: create },
  { method: "POST", path: "/containers/prune", handle: prune, since: "1.25" },
  { method: "GET", path: "/containers/{id}/json", handle: inspect },
  { method: "GET", path: "/containers/{id}/top", handle: top },
  { method: "GET", path: "/containers/{id}/logs", handle: logs },
  { method: "GET", path: "/containers/{id}/changes", handle: changes },
  { method: "GET", path: "/containers/{id}/stats", handle: stats },
  { method: "GET", path: "/containers/{id}/export", handle: exportArchive },
  { method: "GET", path: "/containers/{id}/attach/ws", handle: attachWebSocket },
  { method: "GET", path: "/containers/{id}/archive", handle: getArchive },
  { method: "HEAD", path: "/containers/{id}/archive", handle: headArchive },
  { method: "PUT", path: "/containers/{id}/archive", handle: putArchive, bodyIs: "stream" },
  { method: "POST", path: "/containers/{id}/resize", handle: resize },
  { method: "POST", path: "/containers/{id}/start", handle: start },
  { method: "POST", path: "/containers/{id}/stop", handle: stop },
  { method: "POST", path: "/containers/{id}/restart", handle: restart },
  { method: "POST", path: "/containers/{id}/kill", handle: kill },
  { method: "POST", path: "/containers/{id}/update", handle: update },
  { method: "POST", path: "/containers/{id}/rename", handle: rename },
  { method: "POST", path: "/containers/{id}/pause", handle: pause },
  { method: "POST", path: "/containers/{id}/unpause", handle: unpause },
  { method: "POST", path: "/containers/{id}/attach", handle: attach },
  { method: "POST", path: "/containers/{id}/wait", handle: wait },
  { method: "POST", path: "/containers/{id}/exec", handle: createExec },
  ...checkpointRoutes,
  { method: "DELETE", path: "/containers/{id}", handle: remove },
  // `rm --link web/db`: the slash comes as it is
  { method: "DELETE", path: "/containers/{id...}", handle: remove },
];

async function list(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  const { query, version } = request;
  const views = await parts.containers.list({
    all: query.boolean("all"),
    limit: query.optionalInteger("limit"),
    size: query.boolean("size"),
    filters: query.filters(),
  });
  const findVolume = (name: string) => parts.volumes.find(name);
  const options = { version, nowMs: request.now, findVolume };
  return json(views.map((view) => containerSummary(view, options)));
}

async function create(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { query, version, options } = request;
  const asked = await readJson(request, ContainerCreateSchema, MAX_BODY_BYTES);
  if (!asked || Object.keys(asked).length === 0)
    throw new InvalidArgument("config cannot be empty in order to create a container");
  const { body, warnings } = adjustCreateRequest(asked, version, options.cgroupVersion);
  const created = await containers.create({
    name: query.optional("name"),
    platform: isBefore(version, "1.41") ? undefined : query.optional("platform"),
    body,
  });
  return json({ Id: created.id, Warnings: [...warnings, ...created.warnings] }, 201);
}

async function inspect(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  const { params, query, version } = request;
  const view = await parts.containers.inspect(params.id!, { size: query.boolean("size") });
  return json(containerInspect(view, { version, findVolume: (name) => parts.volumes.find(name) }));
}

async function top({ params, query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  return json(await containers.top(params.id!, query.optional("ps_args") ?? "-ef"));
}

async function changes({ params }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  return json(await containers.changes(params.id!));
}

async function stats(
  { params, query, version, signal }: ApiRequest,
  { containers }: ApiParts,
): Promise<Reply> {
  const isStream = query.boolean("stream", true);
  const oneShot = !isBefore(version, "1.41") && query.boolean("one-shot");
  const samples = containers.stats(params.id!, { stream: isStream, oneShot, signal });
  if (isStream) return stream(lines(samples), { contentType: "application/json" });
  for await (const sample of samples) return jsonText(sample);
  throw new NotFound(`No such container: ${params.id}`); // removed while it was looked at
}

async function* lines(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const text of texts) yield `${text}\n`;
}

async function resize({ params, query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.resize(params.id!, query.integer("h"), query.integer("w"));
  return empty(200);
}

/** Before 1.24 a HostConfig could come with the start; anything that could still be one is refused. */
const MAX_IGNORED_START_BYTES = 7;

async function start({ params, query, body, options }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  if (body.declaredBytes === undefined || body.declaredBytes > MAX_IGNORED_START_BYTES)
    throw new InvalidArgument(
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
    );
  const checkpoint = query.optional("checkpoint");
  if (checkpoint) checkExperimental(options);
  await containers.start(params.id!, { checkpoint, checkpointDir: query.optional("checkpoint-dir") });
  return empty(204);
}

async function stop(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.stop(request.params.id!, stopOptions(request));
  return empty(204);
}

async function restart(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.restart(request.params.id!, stopOptions(request));
  return empty(204);
}

function stopOptions({ query, version }: ApiRequest) {
  return {
    timeoutSeconds: query.optionalInteger("t"),
    signal: isBefore(version, "1.42") ? undefined : query.optional("signal"),
  };
}

async function kill({ params, query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.kill(params.id!, query.optional("signal"));
  return empty(204);
}

async function update(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const limits = (await readJson(request, ContainerUpdateSchema)) ?? {};
  if (isBefore(request.version, "1.40")) delete limits.PidsLimit;
  if (isBefore(request.version, "1.55")) for (const field of DEVICE_LIMITS) delete limits[field];
  const { warnings } = await containers.update(request.params.id!, limits);
  return json({ Warnings: warnings.length > 0 ? warnings : null });
}

const DEVICE_LIMITS = [
  "BlkioWeightDevice",
  "BlkioDeviceReadBps",
  "BlkioDeviceWriteBps",
  "BlkioDeviceReadIOps",
  "BlkioDeviceWriteIOps",
] as const;

async function rename({ params, query }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.rename(params.id!, query.text("name"));
  return empty(204);
}

async function pause({ params }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.pause(params.id!);
  return empty(204);
}

async function unpause({ params }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  await containers.unpause(params.id!);
  return empty(204);
}

async function remove(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return await planContainerRemoval(request, parts);
  const { params, query } = request;
  await parts.containers.remove(params.id!, {
    force: query.boolean("force"),
    volumes: query.boolean("v"),
    link: query.boolean("link"),
  });
  return empty(204);
}

async function prune(request: ApiRequest, parts: ApiParts): Promise<Reply> {
  if (isDryRun(request)) return await planContainerPrune(request, parts);
  const { removed, spaceReclaimed } = await parts.containers.prune(request.query.filters());
  return json({ ContainersDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: spaceReclaimed });
}
