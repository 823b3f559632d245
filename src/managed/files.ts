/** Plugins' directories and blobs: made before their record, removed after it. */
import { closeSync, constants, fstatSync, mkdirSync, readlinkSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { namesIn } from "#base/fs.ts";
import type { Kernel } from "#kernel/types.ts";
import type { PluginContext } from "./context.ts";
import { logsDirectory, pathsOf, pluginsDirectory, socketsDirectory } from "./paths.ts";
import type { PluginRecord } from "./types.ts";

const MAX_CONFIG_BYTES = 1 << 20;

/** A directory for a plugin's files that nobody knows yet; disposing it without `keep` removes it. */
export function newRootfs(ctx: PluginContext, id: string, name: string) {
  const { directory } = pathsOf(ctx, id);
  const path = join(directory, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  let isKept = false;
  return {
    name,
    path,
    keep() {
      isKept = true;
    },
    async [Symbol.asyncDispose]() {
      if (!isKept) await remove(ctx.records.byId(id) ? path : directory);
    },
  };
}

/** Files of a version that has been replaced. */
export async function removeVersion(ctx: PluginContext, { id, rootfs }: PluginRecord): Promise<void> {
  await remove(join(pathsOf(ctx, id).directory, rootfs));
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** The text of `config.json` in a directory somebody else has filled. @throws InvalidArgument in Docker's words */
export async function readConfigBelow(kernel: Pick<Kernel, "files">, directory: string): Promise<string> {
  const root = kernel.files.openDirectory(directory);
  try {
    const fd = openOrNothing(kernel, root, "config.json");
    if (fd === undefined) throw new InvalidArgument("config not found");
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size > MAX_CONFIG_BYTES) throw new InvalidArgument("config not found");
      return await readFile(`/proc/self/fd/${fd}`, "utf8");
    } finally {
      closeSync(fd);
    }
  } finally {
    kernel.files.close(root);
  }
}

function openOrNothing({ files }: Pick<Kernel, "files">, root: number, path: string): number | undefined {
  try {
    return files.openInRoot(root, path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/**
 * A path that a plugin tells of, as the host has it: below what it propagates, or below its own files. Links are followed
 * within, never out of it.
 * @throws InvalidArgument when there is no such directory
 */
export function hostPath(ctx: PluginContext, record: PluginRecord, path: string): string {
  const { directory, propagated } = pathsOf(ctx, record.id);
  const shown = record.config.PropagatedMount.replace(/\/+$/, "");
  const isShown = shown !== "" && (path === shown || path.startsWith(`${shown}/`));
  const root = isShown ? propagated : join(directory, record.rootfs);
  const below = isShown ? path.slice(shown.length) : path;
  const rootFd = ctx.kernel.files.openDirectory(root);
  try {
    const fd = ctx.kernel.files.openInRoot(rootFd, below || ".", O_PATH);
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new InvalidArgument(`plugin ${record.name} says that a volume is at ${path}, where nothing is`, {
      cause: error,
    });
  } finally {
    ctx.kernel.files.close(rootFd);
  }
}

/** Not in node's constants. */
const O_PATH = 0x200000;

/** All of a plugin that lies on the disk, and what it left mounted there. */
export async function removePluginFiles(ctx: PluginContext, id: string): Promise<void> {
  const { directory, propagated, logs } = pathsOf(ctx, id);
  const below = ctx.kernel.mounts
    .list()
    .filter(({ target }) => target === propagated || target.startsWith(`${propagated}/`));
  for (const { target } of below.reverse()) ctx.kernel.mounts.unmount(target);
  await remove(directory);
  await remove(logs);
}

/** What a crash left: directories of no plugin, files of versions before, and blobs that no record names. */
export async function sweep(ctx: PluginContext): Promise<void> {
  for (const id of namesIn(pluginsDirectory(ctx))) {
    const record = ctx.records.byId(id);
    if (record) await removeOtherVersions(ctx, record);
    else await removePluginFiles(ctx, id);
  }
  for (const directory of [socketsDirectory(ctx), logsDirectory(ctx)])
    for (const id of namesIn(directory)) if (!ctx.records.byId(id)) await remove(join(directory, id));
  removeUnusedBlobs(ctx);
}

async function removeOtherVersions(ctx: PluginContext, { id, rootfs }: PluginRecord): Promise<void> {
  const { directory } = pathsOf(ctx, id);
  const others = namesIn(directory).filter((name) => name.startsWith("rootfs") && name !== rootfs);
  for (const name of others) await remove(join(directory, name));
}

/** While a job is under way it is left to the next. */
export function removeUnusedBlobs(ctx: PluginContext): void {
  if (ctx.jobs.size > 0) return;
  const used = new Set<Digest>(
    ctx.records
      .all()
      .flatMap(({ manifest, configDigest, layers }) => [
        manifest.digest,
        configDigest,
        ...layers.map(({ digest }) => digest),
      ]),
  );
  for (const { digest } of ctx.content.list()) if (!used.has(digest)) ctx.content.delete(digest);
  for (const { key } of ctx.content.abandonedIngests()) ctx.content.discardIngest(key);
}

/** Blobs are kept while `work` brings them and until its record names them. */
export async function asJob<T>(ctx: PluginContext, work: () => Promise<T>): Promise<T> {
  const job = {};
  ctx.jobs.add(job);
  try {
    return await work();
  } finally {
    ctx.jobs.delete(job);
    removeUnusedBlobs(ctx);
  }
}
