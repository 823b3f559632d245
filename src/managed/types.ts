/**
 * Managed plugins: programs that come from a registry as images do, and run in containers of their own that nobody sees
 * among the containers. What they are for they say in their configuration; how one talks to them is `plugins`' business.
 *
 * Lifecycle. *Installed*: its files are here and it has a record; *enabled*: it runs, is started again whenever it ends,
 * at every start of the engine too, and outlives it; *disabled*: it does not run, may be set, upgraded and removed.
 * A plugin that is in use is not disabled unless somebody insists.
 */
import type { Digest } from "#base/digest.ts";
import type { Filters } from "#base/filters.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { PluginConfig, PluginObject, PluginPrivilege, PluginSettings } from "#spec/docker/plugins.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";

export interface PluginRecord {
  /** 64 hex digits. */
  readonly id: string;
  /** Familiar, with its tag: "vieux/sshfs:latest", or what `--alias` said. */
  readonly name: string;
  /** Canonical: where it came from, and where upgrades are looked for. */
  readonly reference: string;
  readonly config: PluginConfig;
  readonly settings: PluginSettings;
  readonly isEnabled: boolean;
  /** How long it may take to answer; 0 for as long as each question may. */
  readonly timeoutSeconds: number;
  /** Manifest, configuration and layers, in a store of our own: what is pushed. */
  readonly manifest: Descriptor;
  readonly configDigest: Digest;
  readonly layers: readonly Descriptor[];
  /** Directory below the plugin's own that holds its files: an upgrade gets a new one. */
  readonly rootfs: string;
}

export interface RemoteRequest {
  readonly remote: string;
  readonly auth: AuthConfig | undefined;
  readonly signal: AbortSignal;
}

export interface InstallRequest extends RemoteRequest {
  /** What the user has agreed to. */
  readonly privileges: readonly Pick<PluginPrivilege, "Name" | "Value">[];
}

export interface ManagedPlugins {
  /** By `enabled` and `capability`. @throws InvalidArgument in Docker's words */
  list(filters: Filters): PluginObject[];
  /** By name or the beginning of an id. @throws NotFound in Docker's words */
  get(name: string): PluginObject;
  /** What the plugin at a registry would want of this host. */
  privileges(request: RemoteRequest): Promise<PluginPrivilege[]>;
  /** @param name absent: that of the remote @returns the name it will have, and the progress of getting it */
  install(
    request: InstallRequest,
    name: string | undefined,
  ): { readonly name: string; readonly progress: AsyncIterable<ProgressLine> };
  /** @throws Conflict while it is enabled, before the first line */
  upgrade(
    name: string,
    request: InstallRequest,
  ): { readonly name: string; readonly progress: AsyncIterable<ProgressLine> };
  /** @param archive tar, compressed or not, of `config.json` and `rootfs/` */
  create(name: string, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  push(
    name: string,
    request: Pick<RemoteRequest, "auth" | "signal">,
  ): { readonly progress: AsyncIterable<ProgressLine> };
  enable(name: string, timeoutSeconds: number): Promise<void>;
  disable(name: string, options: { readonly force: boolean }): Promise<void>;
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  set(name: string, changes: readonly string[]): Promise<void>;
}
