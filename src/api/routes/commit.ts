import type { Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";

export const routes: readonly Route[] = [
  { method: "POST", path: "/commit", handle: notImplemented("committing a container") },
];
