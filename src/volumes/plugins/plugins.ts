import { SingleFlight } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { type CallPlugin, callPlugin, NotConnected } from "./call-plugin.ts";
import { findPlugin, type PluginAddress, type PluginDirectories, pluginNames } from "./find-plugin.ts";

export interface PluginsDeps {
  readonly clock: Clock;
  readonly directories: PluginDirectories;
  readonly call?: CallPlugin;
}

export interface CallOptions {
  readonly timeoutMs: number;
  /** How long a plugin is waited for while nobody listens; default as Docker does. 0: one try. */
  readonly patienceMs?: number;
}

const KIND = "VolumeDriver";
/** Of the first call. */
const ACTIVATION_MS = 30_000;
/** How long a plugin that is just being started again is waited for. */
const RETRY_FOR_MS = 30_000;
const LONGEST_PAUSE_MS = 16_000;

/** Volume plugins of this host. What is known of one is kept until it cannot be reached. */
export class Plugins {
  readonly #deps: PluginsDeps;
  readonly #call: CallPlugin;
  readonly #active = new Map<string, PluginAddress>();
  readonly #activating = new SingleFlight<string, PluginAddress>();
  readonly #closing = new AbortController();

  constructor(deps: PluginsDeps) {
    this.#deps = deps;
    this.#call = deps.call ?? callPlugin;
  }

  /** Those that answered so far. */
  activeNames(): string[] {
    return [...this.#active.keys()].sort();
  }

  /** All that say they are there, for whatever purpose. */
  installedNames(): string[] {
    return pluginNames(this.#deps.directories);
  }

  /**
   * Activates the plugin where that was not done yet. While nobody listens it is tried again, with doubling pauses.
   * @throws NotFound in Docker's words; InvalidArgument for a plugin of another kind; see `callPlugin`
   */
  async call(
    name: string,
    method: string,
    body: unknown,
    { timeoutMs, patienceMs = RETRY_FOR_MS }: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    return await this.#retrying(name, patienceMs, async () => {
      const plugin = await this.#activated(name, timeoutMs);
      return await this.#call(plugin, `${KIND}.${method}`, body, { timeoutMs, signal: this.#closing.signal });
    });
  }

  /** As the first step of `call`. */
  async activate(name: string): Promise<void> {
    await this.#retrying(name, RETRY_FOR_MS, () => this.#activated(name, ACTIVATION_MS));
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

  async #activated(name: string, timeoutMs: number): Promise<PluginAddress> {
    const known = this.#active.get(name);
    return known ?? (await this.#activating.run(name, () => this.#activate(name, timeoutMs)));
  }

  async #activate(name: string, timeoutMs: number): Promise<PluginAddress> {
    const plugin = findPlugin(this.#deps.directories, name);
    if (!plugin) throw new NotFound(`plugin "${name}" not found`);
    const options = { timeoutMs: Math.min(timeoutMs, ACTIVATION_MS), signal: this.#closing.signal };
    const { Implements } = await this.#call(plugin, "Plugin.Activate", {}, options);
    if (!Array.isArray(Implements) || !Implements.includes(KIND))
      throw new InvalidArgument(`plugin "${name}" does not implement ${KIND}`);
    this.#active.set(name, plugin);
    return plugin;
  }

  close(): void {
    this.#closing.abort();
  }
}
