import { SingleFlight } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { type CallPlugin, callPlugin, NotConnected } from "./call-plugin.ts";
import { findPlugin, type PluginAddress, type PluginDirectories, pluginNames } from "./find-plugin.ts";
import type { CallOptions, ManagedSource, PluginKind, Plugins } from "./types.ts";

export interface PluginsDeps {
  readonly clock: Clock;
  readonly directories: PluginDirectories;
  readonly call?: CallPlugin;
  /** Absent: there are none. */
  readonly managed?: ManagedSource;
}

/** Of the first call. */
const ACTIVATION_MS = 30_000;
/** How long a plugin that is just being started again is waited for. */
const RETRY_FOR_MS = 30_000;
const LONGEST_PAUSE_MS = 16_000;

/** What a plugin said of itself. */
interface Activated {
  readonly address: PluginAddress;
  readonly kinds: readonly string[];
}

/** Plugins of this host. What is known of one is kept until it cannot be reached. */
export class HostPlugins implements Plugins {
  readonly #deps: PluginsDeps;
  readonly #call: CallPlugin;
  readonly #active = new Map<string, Activated>();
  readonly #activating = new SingleFlight<string, Activated>();
  readonly #closing = new AbortController();

  constructor(deps: PluginsDeps) {
    this.#deps = deps;
    this.#call = deps.call ?? callPlugin;
  }

  activeNames(kind: PluginKind): string[] {
    return [...this.#active].flatMap(([name, { kinds }]) => (kinds.includes(kind) ? [name] : [])).sort();
  }

  installedNames(kind: PluginKind): string[] {
    return [...(this.#deps.managed?.namesOf(kind) ?? []), ...pluginNames(this.#deps.directories)];
  }

  canonicalName(name: string): string {
    return this.#deps.managed?.canonicalName(name) ?? name;
  }

  hostPath(name: string, path: string): string {
    const { managed } = this.#deps;
    return managed?.canonicalName(name) === undefined ? path : managed.hostPath(name, path);
  }

  async call(
    { name, kind }: { readonly name: string; readonly kind: PluginKind },
    method: string,
    body: unknown,
    { timeoutMs, patienceMs = RETRY_FOR_MS }: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    return await this.#retrying(name, patienceMs, async () => {
      const plugin = await this.#activated(name, kind, timeoutMs);
      const options = { timeoutMs: plugin.timeoutMs || timeoutMs, signal: this.#closing.signal };
      return await this.#call(plugin, method, body, options);
    });
  }

  async activate(name: string, kind: PluginKind): Promise<void> {
    await this.#retrying(name, RETRY_FOR_MS, () => this.#activated(name, kind, ACTIVATION_MS));
  }

  async #retrying<T>(name: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#deps;
    const begunMs = clock.now();
    for (let pauseMs = 1000; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof NotConnected)) throw error;
        this.#active.delete(name);
        const isLate = clock.now() + pauseMs - begunMs > patienceMs;
        if (isLate || this.#closing.signal.aborted) throw error;
      }
      await clock.sleep(pauseMs, this.#closing.signal);
    }
  }

  async #activated(name: string, kind: PluginKind, timeoutMs: number): Promise<PluginAddress> {
    const managed = this.#deps.managed?.find(name, kind);
    if (managed?.socket) return managed;
    if (managed) throw new NotConnected(`plugin ${managed.name} is being started`);
    const known = this.#active.get(name);
    const { address, kinds } =
      known ?? (await this.#activating.run(name, () => this.#activate(name, timeoutMs)));
    if (!kinds.includes(kind)) throw new InvalidArgument(`plugin "${name}" does not implement ${kind}`);
    return address;
  }

  async #activate(name: string, timeoutMs: number): Promise<Activated> {
    const address = findPlugin(this.#deps.directories, name);
    if (!address) throw new NotFound(`plugin "${name}" not found`);
    const options = { timeoutMs: Math.min(timeoutMs, ACTIVATION_MS), signal: this.#closing.signal };
    const { Implements } = await this.#call(address, "Plugin.Activate", {}, options);
    const active = { address, kinds: Array.isArray(Implements) ? Implements.map(String) : [] };
    this.#active.set(name, active);
    return active;
  }

  close(): void {
    this.#closing.abort();
  }
}
