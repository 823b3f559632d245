import { NotFound } from "#base/errors.ts";
import { type ApiRequest, json, type Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";

/** There are no managed plugins: the list is empty and no name is known. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/plugins", handle: () => json([]) },
  { method: "GET", path: "/plugins/privileges", handle: notImplemented("managed plugins") },
  { method: "POST", path: "/plugins/pull", handle: notImplemented("managed plugins") },
  { method: "POST", path: "/plugins/create", handle: notImplemented("managed plugins") },
  { method: "GET", path: "/plugins/{name...}/json", handle: unknownPlugin },
  { method: "DELETE", path: "/plugins/{name...}", handle: unknownPlugin },
  { method: "POST", path: "/plugins/{name...}/enable", handle: unknownPlugin },
  { method: "POST", path: "/plugins/{name...}/disable", handle: unknownPlugin },
  { method: "POST", path: "/plugins/{name...}/upgrade", handle: unknownPlugin, since: "1.26" },
  { method: "POST", path: "/plugins/{name...}/push", handle: unknownPlugin },
  { method: "POST", path: "/plugins/{name...}/set", handle: unknownPlugin },
];

function unknownPlugin({ params }: ApiRequest): never {
  throw new NotFound(`plugin "${params.name}" not found`);
}
