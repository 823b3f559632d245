import type { Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";

export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/distribution/{name...}/json",
    handle: notImplemented("looking an image up in its registry"),
    since: "1.30",
  },
];
