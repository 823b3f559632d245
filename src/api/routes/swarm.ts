import type { Route } from "../handler.ts";
import { notImplemented } from "./_not-implemented.ts";
import { notASwarmManager, notInASwarm } from "./_swarm-errors.ts";

/** Endpoints of a swarm's objects, each with the version that brought it. */
const OBJECTS: readonly { readonly path: string; readonly methods: string; readonly since?: string }[] = [
  { path: "/swarm", methods: "GET" },
  { path: "/swarm/update", methods: "POST" },
  { path: "/swarm/unlockkey", methods: "GET" },
  { path: "/swarm/unlock", methods: "POST" },
  { path: "/nodes", methods: "GET" },
  { path: "/nodes/{id}", methods: "GET DELETE" },
  { path: "/nodes/{id}/update", methods: "POST" },
  { path: "/services", methods: "GET" },
  { path: "/services/create", methods: "POST" },
  { path: "/services/{id}", methods: "GET DELETE" },
  { path: "/services/{id}/update", methods: "POST" },
  { path: "/services/{id}/logs", methods: "GET" },
  { path: "/tasks", methods: "GET" },
  { path: "/tasks/{id}", methods: "GET" },
  { path: "/tasks/{id}/logs", methods: "GET" },
  { path: "/secrets", methods: "GET", since: "1.25" },
  { path: "/secrets/create", methods: "POST", since: "1.25" },
  { path: "/secrets/{id}", methods: "GET DELETE", since: "1.25" },
  { path: "/secrets/{id}/update", methods: "POST", since: "1.25" },
  { path: "/configs", methods: "GET", since: "1.30" },
  { path: "/configs/create", methods: "POST", since: "1.30" },
  { path: "/configs/{id}", methods: "GET DELETE", since: "1.30" },
  { path: "/configs/{id}/update", methods: "POST", since: "1.30" },
];

export const routes: readonly Route[] = [
  { method: "POST", path: "/swarm/init", handle: notImplemented("swarm mode"), isEarly: true },
  { method: "POST", path: "/swarm/join", handle: notImplemented("swarm mode"), isEarly: true },
  { method: "POST", path: "/swarm/leave", handle: notInASwarm, isEarly: true },
  ...OBJECTS.flatMap(({ path, methods, since }) =>
    methods.split(" ").map((method) => ({ method, path, since, handle: notASwarmManager, isEarly: true })),
  ),
];
