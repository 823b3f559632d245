import type { Clock } from "#base/clock.ts";
import type { Reference } from "#spec/reference.ts";
import { Repository } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { type HostsOptions, hostPolicy } from "./hosts.ts";
import type { ProxySettings } from "./proxy.ts";
import { PushRepository } from "./push-repository.ts";
import { pushRouteTo, type Route, routesTo } from "./routes.ts";
import { RegistrySession } from "./session.ts";
import { Sources } from "./sources.ts";
import { Transport } from "./transport.ts";

export interface RegistriesOptions extends HostsOptions {
  readonly userAgent: string;
  readonly stallTimeoutMs: number;
  readonly maxAttempts: number;
  /** Absent: as the environment says. */
  readonly proxies?: ProxySettings | undefined;
}

/** A mirror that is slow to answer is worth less patience: there is somebody else to ask. */
const MIRROR = { maxAttempts: 2, stallTimeoutMs: 10_000 } as const;

interface SessionOptions {
  readonly reference: Reference;
  readonly credentials: Credentials;
  readonly actions: "pull" | "pull,push";
  /** There is nobody else to ask. */
  readonly isLast: boolean;
}

/** The way to any registry. Each opening reads certificates and options anew, so that changes need no restart. */
export class Registries {
  readonly #clock: Clock;
  readonly #options: () => RegistriesOptions;

  constructor(clock: Clock, options: () => RegistriesOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  open(reference: Reference, credentials: Credentials): Repository {
    const sources = new Sources(async () => {
      const routes = await routesTo(reference.domain, this.#options());
      return routes.map((route, index) => {
        const isLast = index === routes.length - 1;
        const session = this.#session(route, { reference, credentials, actions: "pull", isLast });
        return { route, session };
      });
    });
    return new Repository(sources, reference);
  }

  openForPush(reference: Reference, credentials: Credentials): PushRepository {
    const open = async () => {
      const route = await pushRouteTo(reference.domain, this.#options());
      return this.#session(route, { reference, credentials, actions: "pull,push", isLast: true });
    };
    return new PushRepository(open, reference);
  }

  transport(): Transport {
    return this.#transport({ isLast: true });
  }

  /** What only the registry itself may see, no other place is shown. */
  #session(route: Route, { reference, credentials, actions, isLast }: SessionOptions): RegistrySession {
    return new RegistrySession(
      { transport: this.#transport({ route, isLast }), clock: this.#clock },
      {
        ...route,
        credentials: route.isOrigin ? credentials : { kind: "anonymous" },
        scopes: [`repository:${reference.path}:${actions}`],
      },
    );
  }

  #transport({ route, isLast }: { readonly route?: Route; readonly isLast: boolean }): Transport {
    const { userAgent, stallTimeoutMs, maxAttempts, proxies, ...hosts } = this.#options();
    const patience = isLast
      ? { stallTimeoutMs, maxAttempts }
      : {
          stallTimeoutMs: Math.min(stallTimeoutMs, MIRROR.stallTimeoutMs),
          maxAttempts: Math.min(maxAttempts, MIRROR.maxAttempts),
        };
    const policyOf = async (host: string) => {
      const policy = await hostPolicy(host, hosts);
      if (!route?.tls || host !== route.host) return policy;
      // the authorities of hosts.toml come in addition, as those of certs.d do
      const ca = [policy.tls.ca, route.tls.ca].filter(Boolean).join("\n");
      return { ...policy, tls: { ...policy.tls, ...route.tls, ...(ca ? { ca } : {}) } };
    };
    return new Transport({
      clock: this.#clock,
      policyOf,
      userAgent,
      ...(proxies ? { proxies } : {}),
      ...patience,
    });
  }
}
