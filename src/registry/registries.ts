import type { Clock } from "#base/clock.ts";
import type { Reference } from "#spec/reference.ts";
import { Repository } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { type HostsOptions, hostPolicy } from "./hosts.ts";
import { PushRepository } from "./push-repository.ts";
import { Transport } from "./transport.ts";

export interface RegistriesOptions extends HostsOptions {
  readonly userAgent: string;
  readonly stallTimeoutMs: number;
  readonly maxAttempts: number;
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
    return new Repository({ transport: this.transport(), clock: this.#clock }, reference, credentials);
  }

  openForPush(reference: Reference, credentials: Credentials): PushRepository {
    return new PushRepository({ transport: this.transport(), clock: this.#clock }, reference, credentials);
  }

  transport(): Transport {
    const { userAgent, stallTimeoutMs, maxAttempts, ...hosts } = this.#options();
    const policyOf = (host: string) => hostPolicy(host, hosts);
    return new Transport({ clock: this.#clock, policyOf, userAgent, stallTimeoutMs, maxAttempts });
  }
}
