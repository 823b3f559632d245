/** What volumes can do beyond Docker: other names, copies, archives. */
import { InvalidArgument } from "#base/errors.ts";
import { withEnd } from "#base/streams.ts";
import type { CopyOptions } from "#volumes/types.ts";
import { type ApiRequest, json, type Reply, type Route, stream } from "../handler.ts";
import { volumeView } from "../map/volume.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "POST", path: "/wharf/volumes/{name}/rename", handle: rename },
  { method: "POST", path: "/wharf/volumes/{name}/clone", handle: clone },
  { method: "POST", path: "/wharf/volumes/{name}/snapshot", handle: snapshot },
  { method: "GET", path: "/wharf/volumes/{name}/archive", handle: exportArchive },
  { method: "POST", path: "/wharf/volumes/{name}/archive", handle: importArchive, bodyIs: "stream" },
];

async function rename(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  return json(volumeView(await volumes.rename(request.params.name!, newName(request))));
}

async function clone(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const made = await volumes.clone(request.params.name!, newName(request), copyOptions(request));
  return json(volumeView(made), 201);
}

async function snapshot(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const { params, query } = request;
  const made = await volumes.snapshot(params.name!, query.optional("name"), copyOptions(request));
  return json(volumeView(made), 201);
}

async function exportArchive(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const archive = await volumes.export(request.params.name!, copyOptions(request));
  const bytes = withEnd(archive.bytes, async () => await archive[Symbol.asyncDispose]());
  return stream(bytes, { contentType: "application/x-tar" });
}

async function importArchive(request: ApiRequest, { volumes }: ApiParts): Promise<Reply> {
  const made = await volumes.import(request.params.name!, request.body, copyOptions(request));
  return json(volumeView(made), 201);
}

function newName({ query }: ApiRequest): string {
  const name = query.optional("name");
  if (name === undefined) throw new InvalidArgument("bad parameter: 'name' of the new volume is missing");
  return name;
}

/** @throws InvalidArgument for a label without a name */
function copyOptions({ query, signal }: ApiRequest): CopyOptions {
  const labels = query.list("label").map((text): [string, string] => {
    const [name = "", ...value] = text.split("=");
    if (name === "") throw new InvalidArgument(`invalid label '${text}': empty name`);
    return [name, value.join("=")];
  });
  return { freeze: !query.boolean("live"), labels: Object.fromEntries(labels), signal };
}
