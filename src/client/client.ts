import { MAX_API_VERSION } from "#spec/docker/versions.ts";
import { Containers } from "./containers.ts";
import { dial } from "./dial.ts";
import { hostHeader } from "./endpoint.ts";
import { Execs } from "./exec.ts";
import { Images } from "./images.ts";
import { Networks } from "./networks.ts";
import { Plugins } from "./plugins.ts";
import { System } from "./system.ts";
import { Transport } from "./transport.ts";
import type { Dial, Endpoint } from "./types.ts";
import { Volumes } from "./volumes.ts";

export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly userAgent: string;
  /** Exactly this version instead of the newest both sides know. */
  readonly apiVersion?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the way connections are made: to start an engine first, or for a test. */
  readonly dial?: Dial;
}

/** An engine, seen from the outside: one part for each chapter of the API. */
export class Client {
  readonly http: Transport;
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly system: System;
  readonly plugins: Plugins;
  readonly volumes: Volumes;

  constructor({ endpoint, apiVersion, userAgent, headers, dial: customDial }: ClientOptions) {
    this.http = new Transport({
      dial: customDial ?? (() => dial(endpoint)),
      host: hostHeader(endpoint),
      basePath: endpoint.scheme === "tcp" ? endpoint.basePath : "",
      apiVersion: apiVersion ?? MAX_API_VERSION,
      mayDowngrade: apiVersion === undefined,
      userAgent,
      ...(headers ? { headers } : {}),
    });
    this.containers = new Containers(this.http);
    this.execs = new Execs(this.http);
    this.images = new Images(this.http);
    this.networks = new Networks(this.http);
    this.system = new System(this.http);
    this.plugins = new Plugins(this.http);
    this.volumes = new Volumes(this.http);
  }

  close(): void {
    this.http.close();
  }
}
