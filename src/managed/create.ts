import { lstatSync, renameSync } from "node:fs";
import { join } from "node:path";
import { compress, decompress } from "#base/compress.ts";
import { InvalidArgument } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import { PLUGIN_CONFIG_TYPE, type PluginConfig } from "#spec/docker/plugins.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { canonicalReference, parseReference } from "#spec/reference.ts";
import { emit, type PluginContext } from "./context.ts";
import { asJob, newRootfs, readConfigBelow } from "./files.ts";
import { parsePluginConfig } from "./parse-config.ts";
import { initialSettings } from "./settings.ts";

/**
 * `docker plugin create`: from a tar archive of `config.json` and `rootfs/`. The caller holds the name's lock.
 * @throws Conflict for a name that is taken; InvalidArgument for an archive that is no plugin
 */
export async function createPlugin(
  ctx: PluginContext,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  ctx.records.checkFree(name);
  await asJob(ctx, async () => {
    const id = newId();
    await using unpacked = newRootfs(ctx, id, "rootfs-unpacked");
    await ctx.files.write(
      { root: unpacked.path, binds: [] },
      "/",
      decompress(archive),
      { noOverwriteDirNonDir: false },
      signal,
    );
    const asked = parsePluginConfig(await readConfigBelow(ctx.kernel, unpacked.path));
    const files = join(unpacked.path, "rootfs");
    if (!lstatSync(files, { throwIfNoEntry: false })?.isDirectory())
      throw new InvalidArgument("rootfs not found", { hint: "a plugin's files are in the directory rootfs" });
    const made = await storePlugin(ctx, asked, files, signal);
    await using rootfs = newRootfs(ctx, id, "rootfs");
    renameSync(files, rootfs.path);
    ctx.records.checkFree(name);
    ctx.records.put({
      ...made,
      id,
      name,
      reference: canonicalReference(parseReference(name)),
      settings: initialSettings(made.config),
      isEnabled: false,
      timeoutSeconds: 0,
      rootfs: rootfs.name,
    });
    rootfs.keep();
    emit(ctx, "create", { id, name });
  });
}

/** What a registry will get, byte for byte: one layer, the configuration that names it, and a manifest of both. */
async function storePlugin(ctx: PluginContext, asked: PluginConfig, files: string, signal: AbortSignal) {
  const layer = await storeLayer(ctx, files, signal);
  const config: PluginConfig = {
    ...asked,
    DockerVersion: ctx.version,
    // Docker names the layer as it is sent here, not as it is unpacked.
    rootfs: { diff_ids: [layer.digest], type: "layers" },
  };
  const configuration = await storeJson(ctx, PLUGIN_CONFIG_TYPE, config);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.dockerManifest,
    config: configuration,
    layers: [layer],
  };
  return {
    config,
    configDigest: configuration.digest,
    layers: [layer],
    manifest: await storeJson(ctx, MEDIA_TYPE.dockerManifest, manifest),
  };
}

async function storeLayer(ctx: PluginContext, files: string, signal: AbortSignal): Promise<Descriptor> {
  await using archive = ctx.files.export(files, signal);
  await using ingest = await ctx.content.ingest(`plugin ${newId()}`);
  for await (const piece of compress(archive.bytes, "gzip")) await ingest.write(piece);
  const { digest, sizeBytes } = await ingest.commit();
  return { mediaType: MEDIA_TYPE.dockerLayerGzip, digest, size: sizeBytes };
}

async function storeJson(ctx: PluginContext, mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify(value);
  const digest = await ctx.content.put(text);
  return { mediaType, digest, size: Buffer.byteLength(text) };
}
