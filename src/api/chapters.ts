/**
 * Which file serves which part of the API, by the first segment of the path. A chapter is loaded with its first request:
 * most daemons never need most of them, and idle memory counts.
 */
import type { Route } from "./handler.ts";
import { type RouteMatch, Router } from "./router.ts";

interface Chapter {
  readonly routes: readonly Route[];
}

const CHAPTERS: Readonly<Record<string, () => Promise<Chapter>>> = {
  _ping: () => import("./routes/system.ts"),
  version: () => import("./routes/system.ts"),
  info: () => import("./routes/system.ts"),
  system: () => import("./routes/system.ts"),
  auth: () => import("./routes/system.ts"),
  events: () => import("./routes/events.ts"),
  containers: () => import("./routes/containers.ts"),
  commit: () => import("./routes/commit.ts"),
  exec: () => import("./routes/exec.ts"),
  images: () => import("./routes/images.ts"),
  networks: () => import("./routes/networks.ts"),
  volumes: () => import("./routes/volumes.ts"),
  plugins: () => import("./routes/plugins.ts"),
  distribution: () => import("./routes/distribution.ts"),
  build: () => import("./routes/build.ts"),
  session: () => import("./routes/session.ts"),
  wharf: () => import("./routes/wharf.ts"),
  grpc: () => import("./routes/session.ts"),
  swarm: () => import("./routes/swarm.ts"),
  nodes: () => import("./routes/swarm.ts"),
  services: () => import("./routes/swarm.ts"),
  tasks: () => import("./routes/swarm.ts"),
  secrets: () => import("./routes/swarm.ts"),
  configs: () => import("./routes/swarm.ts"),
};

/** Routers of the chapters that were needed so far. */
export class Chapters {
  readonly #routers = new Map<string, Promise<Router<Route>>>();

  /** @param path decoded, without a version */
  async find(method: string, path: string): Promise<RouteMatch<Route> | undefined> {
    const name = path.split("/", 2)[1]!;
    if (!Object.hasOwn(CHAPTERS, name)) return undefined;
    let router = this.#routers.get(name);
    if (!router) {
      router = CHAPTERS[name]!().then(({ routes }) => new Router(routes));
      this.#routers.set(name, router);
    }
    return (await router).find(method, path);
  }
}
