import { Internal, InvalidArgument, messageOf, NotFound } from "#base/errors.ts";
import type { CallOptions, Plugins } from "#plugins/types.ts";
import type { VolumeDetails, VolumeDriver, VolumeRecord } from "../types.ts";

const KIND = "VolumeDriver";
/** As long as Docker waits: making and mounting may mean work far away. */
const LONG_MS = 120_000;
const SHORT_MS = 60_000;
/** A container that ends does not wait long for a plugin that is gone. */
const UNMOUNT_PATIENCE_MS = 3000;
/** Of calls that only look: `volume ls` shall not hang because one plugin does. */
const LOOK_MS = 5000;
/** A plugin that failed to answer is not looked at again so soon. */
const LEAVE_ALONE_MS = 30_000;

/** What a plugin says of one of its volumes. */
export interface PluginVolume {
  readonly name: string;
  readonly mountpoint: string;
  readonly createdAt: string;
  readonly status: Readonly<Record<string, unknown>> | undefined;
}

/** A driver for each plugin. */
export class PluginDrivers {
  readonly #plugins: Plugins;
  readonly #now: () => number;
  readonly #silentUntilMs = new Map<string, number>();

  constructor(plugins: Plugins, now: () => number) {
    this.#plugins = plugins;
    this.#now = now;
  }

  of(driver: string): PluginDriver {
    return new PluginDriver(driver, this.#plugins);
  }

  names(): string[] {
    return this.#plugins.activeNames(KIND);
  }

  canonicalName(driver: string): string {
    return this.#plugins.canonicalName(driver);
  }

  /**
   * @param volume that is to be made, for the message
   * @throws NotFound in Docker's words
   */
  async scopeFor(driver: string, volume: string): Promise<"local" | "global"> {
    try {
      return await this.of(driver).scope();
    } catch (error) {
      const text = `create ${volume}: error looking up volume plugin ${driver}: ${messageOf(error)}`;
      if (error instanceof NotFound) throw new NotFound(text, { cause: error });
      if (error instanceof InvalidArgument) throw new InvalidArgument(text, { cause: error });
      throw new Internal(text, { cause: error });
    }
  }

  /** Volumes of all plugins that answer soon. */
  async list(): Promise<{ readonly volumes: VolumeDetails[]; readonly warnings: string[] }> {
    const warnings: string[] = [];
    const lists = await Promise.all(
      this.#plugins.installedNames(KIND).map(async (driver) => {
        try {
          return await this.#look(driver, async () => await this.of(driver).list());
        } catch (error) {
          if (!(error instanceof InvalidArgument)) warnings.push(messageOf(error)); // a plugin for something else
          return [];
        }
      }),
    );
    return { volumes: lists.flat(), warnings };
  }

  /** A volume that only a plugin knows of. */
  async search(name: string): Promise<VolumeDetails | undefined> {
    const found = await Promise.all(
      this.#plugins.installedNames(KIND).map(async (driver) => {
        try {
          return foreignVolume(driver, await this.#look(driver, () => this.of(driver).get(name, LOOK_MS)));
        } catch {
          return undefined; // it does not know it, or is none of ours, or does not answer
        }
      }),
    );
    return found.find((volume) => volume !== undefined);
  }

  async #look<T>(driver: string, work: () => Promise<T>): Promise<T> {
    if ((this.#silentUntilMs.get(driver) ?? 0) > this.#now())
      throw new Internal(`plugin "${driver}" did not answer a moment ago`);
    const begunMs = this.#now();
    try {
      return await work();
    } catch (error) {
      if (this.#now() - begunMs >= LOOK_MS) this.#silentUntilMs.set(driver, this.#now() + LEAVE_ALONE_MS);
      throw error;
    }
  }
}

/** One plugin as a driver. Every call names the volume; a mount is told apart by its container. */
export class PluginDriver implements VolumeDriver {
  readonly #name: string;
  readonly #plugins: Plugins;

  constructor(name: string, plugins: Plugins) {
    this.#name = name;
    this.#plugins = plugins;
  }

  async scope(): Promise<"local" | "global"> {
    await this.#plugins.activate(this.#name, KIND);
    try {
      const { Capabilities } = await this.#call("Capabilities", {}, { timeoutMs: SHORT_MS });
      const scope = String((Capabilities as { Scope?: unknown } | undefined)?.Scope ?? "local").toLowerCase();
      return scope === "global" ? "global" : "local";
    } catch {
      return "local"; // plugins older than this call
    }
  }

  /** One it has already is taken as it is: not every plugin lets a volume be made twice. */
  async create({ name, options }: VolumeRecord): Promise<void> {
    if (await this.#has(name)) return;
    await this.#asked(
      `create ${name}`,
      this.#call("Create", { Name: name, Opts: options }, { timeoutMs: LONG_MS }),
    );
  }

  async #has(name: string): Promise<boolean> {
    try {
      await this.get(name);
      return true;
    } catch {
      return false; // making it will tell what is wrong
    }
  }

  async remove({ name }: VolumeRecord): Promise<void> {
    await this.#asked(`remove ${name}`, this.#call("Remove", { Name: name }, { timeoutMs: SHORT_MS }));
  }

  mounts(): boolean {
    return true;
  }

  async mount({ name }: VolumeRecord, containerId: string): Promise<string> {
    const asking = this.#call("Mount", { Name: name, ID: containerId }, { timeoutMs: LONG_MS });
    const { Mountpoint } = await this.#asked(`error while mounting volume '${name}'`, asking);
    if (typeof Mountpoint !== "string" || !Mountpoint.startsWith("/"))
      throw new Internal(
        `error while mounting volume '${name}': plugin "${this.#name}" says it is at ${JSON.stringify(Mountpoint ?? "")}, which is no absolute path`,
      );
    return this.#plugins.hostPath(this.#name, Mountpoint);
  }

  async unmount({ name }: VolumeRecord, { containerId }: { readonly containerId: string }): Promise<void> {
    const options = { timeoutMs: SHORT_MS, patienceMs: UNMOUNT_PATIENCE_MS };
    await this.#call("Unmount", { Name: name, ID: containerId }, options);
  }

  async get(name: string, timeoutMs = SHORT_MS): Promise<PluginVolume> {
    const { Volume } = await this.#call("Get", { Name: name }, { timeoutMs, patienceMs: 0 });
    const volume = pluginVolume(Volume);
    if (!volume) throw new NotFound(`get ${name}: plugin "${this.#name}" has no such volume`);
    return volume;
  }

  async list(): Promise<VolumeDetails[]> {
    const { Volumes } = await this.#call("List", {}, { timeoutMs: LOOK_MS, patienceMs: 0 });
    const volumes = Array.isArray(Volumes) ? Volumes.map(pluginVolume) : [];
    return volumes.flatMap((volume) => (volume ? [foreignVolume(this.#name, volume)] : []));
  }

  #call(method: string, body: unknown, options: CallOptions): Promise<Readonly<Record<string, unknown>>> {
    return this.#plugins.call({ name: this.#name, kind: KIND }, `${KIND}.${method}`, body, options);
  }

  async #asked<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const text = `${what}: ${messageOf(error)}`;
      throw error instanceof NotFound
        ? new NotFound(text, { cause: error })
        : new Internal(text, { cause: error });
    }
  }
}

function pluginVolume(value: unknown): PluginVolume | undefined {
  const { Name, Mountpoint, CreatedAt, Status } = (value ?? {}) as Record<string, unknown>;
  if (typeof Name !== "string" || Name === "") return undefined;
  return {
    name: Name,
    mountpoint: typeof Mountpoint === "string" ? Mountpoint : "",
    createdAt: typeof CreatedAt === "string" ? CreatedAt : "",
    status: Status !== null && typeof Status === "object" ? (Status as Record<string, unknown>) : undefined,
  };
}

function foreignVolume(driver: string, { name, mountpoint, createdAt, status }: PluginVolume): VolumeDetails {
  return { name, driver, mountpoint, createdAt, labels: {}, options: {}, anonymous: false, status };
}
