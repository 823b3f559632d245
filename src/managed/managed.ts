/** Front door of managed plugins: every verb, one change of a plugin at a time. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { KeyedLock } from "#base/async.ts";
import { Conflict, InvalidArgument } from "#base/errors.ts";
import { type Filters, filterValues } from "#base/filters.ts";
import { type Emit, streamProgress } from "#images/progress-stream.ts";
import type { PluginAddress } from "#plugins/find-plugin.ts";
import { capabilityOf, type LogPluginPlace, type ManagedSource, type PluginKind } from "#plugins/types.ts";
import type { PluginObject } from "#spec/docker/plugins.ts";
import { familiarReference, parseReference } from "#spec/reference.ts";
import type { StateStore } from "#state/types.ts";
import { createContentStore } from "#storage/content/local.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { emit, type PluginContext } from "./context.ts";
import { createPlugin } from "./create.ts";
import { asJob, hostPath, removePluginFiles, removeUnusedBlobs, sweep } from "./files.ts";
import { contentDirectory, pluginsDirectory } from "./paths.ts";
import { privilegesOf } from "./privileges.ts";
import { findRemote, pullPlugin, upgradePlugin } from "./pull.ts";
import { pushPlugin } from "./push.ts";
import { fullName, PluginRecords } from "./records.ts";
import { PluginRunner, type RunnerDeps } from "./runner.ts";
import { changeSettings } from "./settings.ts";
import type { ManagedPlugins, PluginRecord } from "./types.ts";

export interface ManagedDeps
  extends Omit<PluginContext, "records" | "content" | "runner" | "locks" | "jobs" | "kernel">,
    Omit<RunnerDeps, "kernel"> {
  readonly state: Pick<StateStore, "collection">;
  readonly kernel: PluginContext["kernel"] & RunnerDeps["kernel"];
}

/** What the engine does with managed plugins beyond what the API asks of them. */
export interface PluginHost extends ManagedPlugins, ManagedSource {
  /** Of an enabled one that takes logs. @throws as `find` */
  logPlace(name: string): LogPluginPlace | undefined;
  /** Finds those that run, starts those that should, and removes what a crash left. */
  recover(): Promise<void>;
  /** At a stop that takes everything along; they are enabled still. */
  stopAll(): Promise<void>;
  /** Lets go of all; they run on. */
  close(): Promise<void>;
}

export function createManagedPlugins(deps: ManagedDeps): PluginHost {
  for (const directory of [join(deps.dataRoot, "plugins"), pluginsDirectory(deps)])
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  return new InstalledPlugins({
    ...deps,
    records: new PluginRecords(deps.state),
    content: createContentStore(contentDirectory(deps), deps.clock),
    runner: new PluginRunner(deps),
    locks: new KeyedLock(),
    jobs: new Set(),
  });
}

class InstalledPlugins implements PluginHost {
  readonly #ctx: PluginContext;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
  }

  list(filters: Filters): PluginObject[] {
    checkFilters(filters);
    const enabled = filterValues(filters, "enabled")[0];
    const capabilities = filterValues(filters, "capability");
    return this.#ctx.records
      .all()
      .filter(
        (record) =>
          (enabled === undefined || record.isEnabled === (enabled === "true")) &&
          (capabilities.length === 0 ||
            capabilities.some((name) => capabilitiesOf(record.config).includes(name))),
      )
      .map(objectOf);
  }

  get(name: string): PluginObject {
    return objectOf(this.#ctx.records.get(name));
  }

  async privileges(request: Parameters<ManagedPlugins["privileges"]>[0]) {
    return await asJob(this.#ctx, async () => privilegesOf((await findRemote(this.#ctx, request)).config));
  }

  install(request: Parameters<ManagedPlugins["install"]>[0], asked: string | undefined) {
    const name = fullName(asked || withoutDigest(request.remote));
    const work = (tell: Emit, signal: AbortSignal) =>
      this.#ctx.locks.run(name, () => pullPlugin(this.#ctx, { ...request, signal }, name, tell));
    this.#ctx.records.checkFree(name);
    return { name, progress: streamProgress(work, request.signal) };
  }

  upgrade(nameOrId: string, request: Parameters<ManagedPlugins["upgrade"]>[1]) {
    const { id, name } = this.#ctx.records.get(nameOrId);
    const checked = () => {
      const record = this.#ctx.records.get(id);
      if (record.isEnabled)
        throw new Conflict(`plugin must be disabled before upgrading: plugin ${name} is enabled`);
      return record;
    };
    checked();
    const work = (tell: Emit, signal: AbortSignal) =>
      this.#ctx.locks.run(name, () => upgradePlugin(this.#ctx, { ...request, signal }, checked(), tell));
    return { name, progress: streamProgress(work, request.signal) };
  }

  async create(asked: string, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const name = fullName(asked);
    await this.#ctx.locks.run(name, () => createPlugin(this.#ctx, name, archive, signal));
  }

  push(name: string, request: Parameters<ManagedPlugins["push"]>[1]) {
    const record = this.#ctx.records.get(name);
    const work = (tell: Emit, signal: AbortSignal) =>
      asJob(this.#ctx, () => pushPlugin(this.#ctx, record, { ...request, signal }, tell));
    return { progress: streamProgress(work, request.signal) };
  }

  async enable(nameOrId: string, timeoutSeconds: number): Promise<void> {
    if (timeoutSeconds < 0) throw new InvalidArgument("negative timeout not supported");
    await this.#changing(nameOrId, async (record) => {
      if (record.isEnabled) throw new Conflict(`plugin already enabled: plugin ${record.name} is enabled`);
      await this.#ctx.runner.start(record);
      this.#ctx.records.change(record.id, { isEnabled: true, timeoutSeconds });
      emit(this.#ctx, "enable", record);
    });
  }

  async disable(nameOrId: string, { force }: { readonly force: boolean }): Promise<void> {
    await this.#changing(nameOrId, async (record) => {
      if (!record.isEnabled)
        throw new Conflict(`plugin is already disabled: plugin ${record.name} found but disabled`);
      this.#checkUsers(record, force);
      await this.#disable(record);
    });
  }

  async remove(nameOrId: string, { force }: { readonly force: boolean }): Promise<void> {
    await this.#changing(nameOrId, async (record) => {
      this.#checkUsers(record, force);
      if (record.isEnabled && !force) throw new Conflict(`plugin ${record.name} is enabled`);
      if (record.isEnabled) await this.#disable(record);
      this.#ctx.records.delete(record.id);
      await removePluginFiles(this.#ctx, record.id);
      removeUnusedBlobs(this.#ctx);
      emit(this.#ctx, "remove", record);
    });
  }

  async set(nameOrId: string, changes: readonly string[]): Promise<void> {
    await this.#changing(nameOrId, async (record) => {
      if (record.isEnabled)
        throw new Conflict("cannot set on an active plugin, disable plugin before setting");
      const settings = changeSettings(record.config, record.settings, changes);
      this.#ctx.records.change(record.id, { settings });
    });
  }

  namesOf(kind: PluginKind): string[] {
    const wanted = capabilityOf(kind);
    return this.#ctx.records
      .all()
      .flatMap((record) =>
        record.isEnabled && capabilitiesOf(record.config).includes(wanted) ? [record.name] : [],
      );
  }

  find(name: string, kind: PluginKind): PluginAddress | undefined {
    const record = this.#ctx.records.named(name);
    if (!record) return undefined;
    if (!record.isEnabled) throw new Conflict(`plugin ${record.name} found but disabled`);
    const capability = capabilityOf(kind);
    if (!capabilitiesOf(record.config).includes(capability))
      throw new InvalidArgument(`plugin does not provide ${JSON.stringify(capability)} capability`);
    const socket = this.#ctx.runner.socketOf(record);
    return { name: record.name, url: "http://plugin", socket, timeoutMs: record.timeoutSeconds * 1000 };
  }

  logPlace(name: string): LogPluginPlace | undefined {
    const address = this.find(name, "LogDriver");
    return address && this.#ctx.runner.logPlace(this.#ctx.records.get(address.name));
  }

  canonicalName(name: string): string | undefined {
    return this.#ctx.records.named(name)?.name;
  }

  hostPath(name: string, path: string): string {
    return hostPath(this.#ctx, this.#ctx.records.get(name), path);
  }

  async recover(): Promise<void> {
    await this.#ctx.runner.discardOthers((id) => this.#ctx.records.byId(id)?.isEnabled === true);
    await sweep(this.#ctx).catch((error) =>
      this.#ctx.log.warn("cannot remove what a crash left of plugins", { error }),
    );
    const enabled = this.#ctx.records.all().filter(({ isEnabled }) => isEnabled);
    await Promise.all(
      enabled.map(async (record) => {
        try {
          await this.#ctx.runner.recover(record);
        } catch (error) {
          this.#ctx.log.error("cannot take over a plugin", { plugin: record.name, error });
        }
      }),
    );
  }

  async stopAll(): Promise<void> {
    const enabled = this.#ctx.records.all().filter(({ isEnabled }) => isEnabled);
    await Promise.all(enabled.map((record) => this.#ctx.runner.stop(record)));
  }

  async close(): Promise<void> {
    await this.#ctx.runner.close();
  }

  async #changing(nameOrId: string, work: (record: PluginRecord) => Promise<void>): Promise<void> {
    const { id, name } = this.#ctx.records.get(nameOrId);
    await this.#ctx.locks.run(name, () => work(this.#ctx.records.get(id)));
  }

  /** What is in use for good is not let go of however much somebody insists. */
  #checkUsers(record: PluginRecord, force: boolean): void {
    const { usersOf } = this.#ctx;
    const use = usersOf(record);
    if (use && (use.isLasting || !force))
      throw new Conflict(`plugin ${record.name} is in use`, { hint: use.reason });
  }

  /** Nobody is to find it any more when it ends. */
  async #disable(record: PluginRecord): Promise<void> {
    this.#ctx.records.change(record.id, { isEnabled: false });
    await this.#ctx.runner.stop(record);
    emit(this.#ctx, "disable", record);
  }
}

function withoutDigest(remote: string): string {
  const { digest: _, ...reference } = parseReference(remote);
  return familiarReference(reference);
}

function checkFilters(filters: Filters): void {
  const unknown = Object.keys(filters).find((key) => key !== "enabled" && key !== "capability");
  if (unknown !== undefined) throw new InvalidArgument(`Invalid filter '${unknown}'`);
  const enabled = filterValues(filters, "enabled");
  if (enabled.length > 1 || !["true", "false", undefined].includes(enabled[0]))
    throw new InvalidArgument(`Invalid filter 'enabled=[${enabled.join(" ")}]'`);
}

function objectOf({ config, isEnabled, id, name, reference, settings }: PluginRecord): PluginObject {
  return {
    Config: config,
    Enabled: isEnabled,
    Id: id,
    Name: name,
    PluginReference: reference,
    Settings: settings,
  };
}
