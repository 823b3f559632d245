import { json, type Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";

export const routes: readonly Route[] = [
  { method: "POST", path: "/build", handle: notImplemented("building images"), bodyIs: "stream" },
  { method: "POST", path: "/build/cancel", handle: notImplemented("building images") },
  // Nothing is built, so the cache is empty; `system prune` asks for it too and must go on.
  {
    method: "POST",
    path: "/build/prune",
    handle: () => json({ CachesDeleted: null, SpaceReclaimed: 0 }),
    since: "1.31",
  },
];
