import { InvalidArgument } from "#base/errors.ts";
import { type ApiRequest, json, type Reply, type Route } from "../handler.ts";
import { readJson } from "../json-body.ts";
import { ContainerConfigSchema } from "../schemas/containers.ts";
import type { ApiParts } from "../types.ts";

export const routes: readonly Route[] = [{ method: "POST", path: "/commit", handle: commit }];

async function commit(request: ApiRequest, { containers }: ApiParts): Promise<Reply> {
  const { query, signal } = request;
  const container = query.text("container");
  if (container === "") throw new InvalidArgument('invalid name or ID supplied: ""');
  const config = await readJson(request, ContainerConfigSchema);
  const id = await containers.commit(container, {
    repo: query.optional("repo"),
    tag: query.optional("tag"),
    comment: query.text("comment"),
    author: query.text("author"),
    pause: query.boolean("pause", true) || query.text("pause") === "",
    changes: query.list("changes"),
    ...(config && Object.keys(config).length > 0 ? { config } : {}),
    signal,
  });
  return json({ Id: id }, 201);
}
