import type { Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";

export const routes: readonly Route[] = [
  { method: "POST", path: "/session", handle: notImplemented("the session of a build") },
  { method: "POST", path: "/grpc", handle: notImplemented("the gRPC control of builds") },
];
