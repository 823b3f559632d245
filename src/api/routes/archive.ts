/** Files of a container as archives: export, and both directions of `docker cp`. */
import { InvalidArgument } from "#base/errors.ts";
import type { ContainerPathStat } from "#spec/docker/archive.ts";
import { type ApiRequest, empty, type Reply, stream } from "../handler.ts";
import type { ApiParts } from "../types.ts";

const TAR = { contentType: "application/x-tar" };

export async function exportArchive(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const archive = await containers.export(request.params.id!, request.signal);
  return stream(archive, { contentType: "application/octet-stream" });
}

export async function headArchive(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const stat = await containers.statPath(request.params.id!, pathOf(request), request.signal);
  return { ...empty(200), headers: statHeader(stat) };
}

export async function getArchive(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { stat, archive } = await containers.copyFrom(request.params.id!, pathOf(request), request.signal);
  const reply = stream(archive, TAR);
  return { ...reply, headers: { ...reply.headers, ...statHeader(stat) } };
}

export async function putArchive(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { params, query, body, signal } = request;
  await containers.copyTo(params.id!, {
    path: pathOf(request),
    archive: body,
    noOverwriteDirNonDir: query.boolean("noOverwriteDirNonDir"),
    copyUidGid: query.boolean("copyUIDGID"),
    signal,
  });
  return empty(200);
}

/** @throws InvalidArgument when there is none */
function pathOf({ query }: ApiRequest): string {
  const path = query.optional("path");
  if (path === undefined) throw new InvalidArgument("bad parameter: 'path' cannot be empty");
  if (path.includes("\0")) throw new InvalidArgument("bad parameter: 'path' contains a zero byte");
  return path;
}

function statHeader(stat: ContainerPathStat): Record<string, string> {
  return { "X-Docker-Container-Path-Stat": Buffer.from(JSON.stringify(stat)).toString("base64") };
}
