import type { KeyedLock } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { ImagesOptions } from "#images/options.ts";
import type { TrustGate } from "#images/trust/types.ts";
import type { Kernel } from "#kernel/types.ts";
import type { Registries } from "#registry/registries.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import type { ContainerFiles } from "#storage/files/types.ts";
import type { ContentStore, LayerUnpacker } from "#storage/types.ts";
import type { PluginRoots } from "./paths.ts";
import type { PluginRecords } from "./records.ts";
import type { PluginRunner } from "./runner.ts";
import type { PluginRecord } from "./types.ts";

/** What the verbs of managed plugins share. */
export interface PluginContext extends PluginRoots {
  readonly records: PluginRecords;
  /** Of plugins' blobs alone. */
  readonly content: ContentStore;
  readonly runner: PluginRunner;
  /** One change of a name at a time. */
  readonly locks: KeyedLock;
  /** Jobs that have blobs in the store which no record names yet. */
  readonly jobs: Set<object>;
  readonly registries: Pick<Registries, "open" | "openForPush">;
  readonly trust: Pick<TrustGate, "checkName" | "admit">;
  readonly unpacker: Pick<LayerUnpacker, "unpack">;
  readonly files: Pick<ContainerFiles, "write" | "export">;
  readonly kernel: Pick<Kernel, "files" | "mounts">;
  readonly events: Pick<Events, "emit">;
  readonly options: () => Pick<ImagesOptions, "maxDownloadAttempts">;
  readonly platform: Platform;
  /** Of this engine, for plugins that are made here. */
  readonly version: string;
  /** Who needs a plugin that somebody wants to be rid of. */
  readonly usersOf: (record: PluginRecord) => PluginUse | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PluginUse {
  /** For the user. */
  readonly reason: string;
  /** Nobody is rid of it by force either. */
  readonly isLasting: boolean;
}

export function emit(
  { events }: Pick<PluginContext, "events">,
  action: string,
  { id, name }: Pick<PluginRecord, "id" | "name">,
): void {
  events.emit({ type: "plugin", action, id, attributes: { name } });
}
