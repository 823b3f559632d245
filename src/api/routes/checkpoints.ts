import { NotImplemented } from "#base/errors.ts";
import { type ApiRequest, empty, json, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { CheckpointCreateSchema } from "../schemas/containers.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [
  { method: "GET", path: "/containers/{id}/checkpoints", handle: list },
  { method: "POST", path: "/containers/{id}/checkpoints", handle: create },
  { method: "DELETE", path: "/containers/{id}/checkpoints/{checkpoint}", handle: remove },
];

/** As in Docker, the daemon's `experimental` opens this. @throws NotImplemented in Docker's words */
export function checkExperimental({ experimental }: Pick<ApiRequest["options"], "experimental">): void {
  if (!experimental)
    throw new NotImplemented(
      "This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.",
    );
}

async function list({ params, query, options }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  checkExperimental(options);
  const names = await containers.listCheckpoints(params.id!, query.optional("dir") ?? "");
  return json(names.map((Name) => ({ Name })));
}

async function create(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  checkExperimental(request.options);
  const {
    CheckpointID = "",
    CheckpointDir = "",
    Exit = false,
  } = (await readJson(request, CheckpointCreateSchema)) ?? {};
  await containers.createCheckpoint(request.params.id!, {
    name: CheckpointID,
    directory: CheckpointDir,
    exit: Exit,
  });
  return empty(201);
}

async function remove({ params, query, options }: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  checkExperimental(options);
  await containers.removeCheckpoint(params.id!, params.checkpoint!, query.optional("dir") ?? "");
  return empty(204);
}
