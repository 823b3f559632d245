/** Plugins from registries: what they want, and their files. */
import { InvalidArgument } from "#base/errors.ts";
import { newId, shortId } from "#base/ids.ts";
import { fetchBlob } from "#images/fetch-blob.ts";
import { progressLine, statusLine } from "#images/progress.ts";
import type { Emit } from "#images/progress-stream.ts";
import { Slots } from "#images/read-parts.ts";
import { storeBytes } from "#images/store-bytes.ts";
import type { Repository } from "#registry/client.ts";
import { credentialsOf } from "#registry/credentials.ts";
import { PLUGIN_CONFIG_TYPE, type PluginConfig } from "#spec/docker/plugins.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import {
  canonicalReference,
  DEFAULT_TAG,
  familiarName,
  familiarReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from "#spec/reference.ts";
import { selectManifest } from "#spec/select-manifest.ts";
import { emit as emitEvent, type PluginContext } from "./context.ts";
import { asJob, newRootfs, removeVersion } from "./files.ts";
import { parsePluginConfig } from "./parse-config.ts";
import { checkPrivileges, privilegesOf } from "./privileges.ts";
import { carriedSettings, initialSettings } from "./settings.ts";
import type { InstallRequest, PluginRecord, RemoteRequest } from "./types.ts";

const MAX_CONFIG_BYTES = 1 << 20;

/** A plugin as its registry describes it; nothing of it is unpacked. */
export interface RemotePlugin {
  readonly reference: Reference;
  readonly repository: Repository;
  /** Of the one for this host's platform. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: PluginConfig;
}

/**
 * Manifest and configuration are in the store then.
 * @throws NotFound in the registry's words; InvalidArgument for what is no plugin; PermissionDenied by the trust policy
 */
export async function findRemote(
  ctx: PluginContext,
  { remote, auth, signal }: RemoteRequest,
): Promise<RemotePlugin> {
  const reference = withDefaultTag(parseReference(remote));
  ctx.trust.checkName(reference);
  const repository = ctx.registries.open(reference, credentialsOf(auth));
  const what = familiarReference(reference);
  const asked = reference.digest ?? reference.tag ?? DEFAULT_TAG;
  const top = await fetchManifest(ctx, repository, asked, signal);
  await ctx.trust.admit({ reference, target: top.descriptor, source: repository, signal });
  const parsed = parseManifest(top.text, top.descriptor.mediaType, `manifest of ${what}`);
  const readConfig = (manifest: Manifest) => fetchConfig(ctx, repository, { manifest, what, signal });
  if (parsed.kind === "manifest") {
    const { manifest } = parsed;
    return { reference, repository, ...top, manifest, config: await readConfig(manifest) };
  }
  const chosen = selectManifest(parsed.index, ctx.platform);
  const one = await fetchManifest(ctx, repository, chosen.digest, signal);
  const inner = parseManifest(one.text, chosen.mediaType, `manifest ${chosen.digest} of ${what}`);
  if (inner.kind !== "manifest") throw new InvalidArgument(`${what}: an index within an index`);
  const { manifest } = inner;
  return { reference, repository, ...one, manifest, config: await readConfig(manifest) };
}

async function fetchConfig(
  ctx: PluginContext,
  repository: Repository,
  request: { readonly manifest: Manifest; readonly what: string; readonly signal: AbortSignal },
): Promise<PluginConfig> {
  const { what, signal } = request;
  const { config: descriptor } = request.manifest;
  if (descriptor.mediaType !== PLUGIN_CONFIG_TYPE)
    throw new InvalidArgument(`${what} is no plugin: its configuration is ${descriptor.mediaType}`);
  if (descriptor.size > MAX_CONFIG_BYTES)
    throw new InvalidArgument(`${what}: its configuration is too large`);
  await bring(ctx, repository, { descriptor, what, signal });
  return parsePluginConfig(await ctx.content.readText(descriptor.digest));
}

async function fetchManifest(ctx: PluginContext, repository: Repository, asked: string, signal: AbortSignal) {
  const { descriptor, bytes } = await repository.manifest(asked, signal);
  await storeBytes(ctx.content, descriptor.digest, bytes);
  return { descriptor, text: Buffer.from(bytes).toString() };
}

interface Bring {
  readonly descriptor: Descriptor;
  readonly what: string;
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal: AbortSignal;
}

/** A blob into the store, unless it is there. */
async function bring(ctx: PluginContext, repository: Repository, request: Bring): Promise<void> {
  const { content, clock } = ctx;
  const maxAttempts = ctx.options().maxDownloadAttempts;
  const extraConnections = new Slots(0); // plugins are small: one connection is enough
  await fetchBlob({ repository, content, clock, maxAttempts, extraConnections }, request);
}

/** `docker plugin install` up to the point where it could be enabled. The caller holds the name's lock. */
export async function pullPlugin(
  ctx: PluginContext,
  request: InstallRequest,
  name: string,
  tell: Emit,
): Promise<void> {
  ctx.records.checkFree(name);
  await asJob(ctx, async () => {
    const found = await announced(ctx, request, tell);
    const id = newId();
    await using rootfs = newRootfs(ctx, id, "rootfs");
    await unpackAll(ctx, found, { directory: rootfs.path, tell, signal: request.signal });
    ctx.records.checkFree(name);
    ctx.records.put({
      ...partsOf(found),
      id,
      name,
      settings: initialSettings(found.config),
      isEnabled: false,
      timeoutSeconds: 0,
      rootfs: "rootfs",
    });
    rootfs.keep();
    emitEvent(ctx, "pull", { id: familiarReference(found.reference), name });
  });
}

/** `docker plugin upgrade`: what was set stays as far as it can. The caller holds the name's lock. */
export async function upgradePlugin(
  ctx: PluginContext,
  request: InstallRequest,
  record: PluginRecord,
  tell: Emit,
): Promise<void> {
  await asJob(ctx, async () => {
    const found = await announced(ctx, request, tell);
    await using rootfs = newRootfs(ctx, record.id, `rootfs-${newId().slice(0, 12)}`);
    await unpackAll(ctx, found, { directory: rootfs.path, tell, signal: request.signal });
    ctx.records.change(record.id, {
      ...partsOf(found),
      settings: carriedSettings(record, found.config),
      rootfs: rootfs.name,
    });
    rootfs.keep();
    await removeVersion(ctx, record);
    emitEvent(ctx, "pull", { id: familiarReference(found.reference), name: record.name });
  });
}

function partsOf({ reference, descriptor, manifest, config }: RemotePlugin) {
  return {
    reference: canonicalReference(reference),
    config,
    manifest: descriptor,
    configDigest: manifest.config.digest,
    layers: manifest.layers,
  };
}

async function announced(ctx: PluginContext, request: InstallRequest, tell: Emit): Promise<RemotePlugin> {
  const found = await findRemote(ctx, request);
  const { reference, descriptor, config } = found;
  tell(statusLine(`Pulling from ${familiarName(reference)}`, reference.tag ?? DEFAULT_TAG));
  tell(statusLine(`Digest: ${descriptor.digest}`));
  checkPrivileges(privilegesOf(config), request.privileges);
  return found;
}

async function unpackAll(
  ctx: PluginContext,
  { repository, manifest, reference }: RemotePlugin,
  {
    directory,
    tell,
    signal,
  }: { readonly directory: string; readonly tell: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const what = familiarReference(reference);
  for (const descriptor of manifest.layers) {
    const id = shortId(descriptor.digest);
    const bar = (status: string) => (current: number) =>
      tell(progressLine(id, status, { current, total: descriptor.size }));
    if (ctx.content.info(descriptor.digest)) tell(progressLine(id, "Already exists"));
    else {
      tell(progressLine(id, "Waiting"));
      await bring(ctx, repository, { descriptor, what, onProgress: bar("Downloading"), signal });
      tell(progressLine(id, "Download complete"));
    }
    const extracting = bar("Extracting");
    await ctx.unpacker.unpack({
      source: ctx.content.path(descriptor.digest),
      prepared: { key: descriptor.digest, directory, whiteouts: "delete" },
      progress: ({ currentBytes }) => extracting(currentBytes),
      signal,
    });
    tell(progressLine(id, "Complete"));
  }
}
