/** `docker cp`: files of a container, into and out of it. */
import { messageOf, NotFound, PermissionDenied } from "#base/errors.ts";
import { withEnd } from "#base/streams.ts";
import { resolveUser } from "#runtime/spec/user.ts";
import { type ContainerPathStat, goFileMode } from "#spec/docker/archive.ts";
import type { FileStat } from "#storage/files/types.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { withView } from "./file-view.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord, CopyToRequest } from "./types.ts";

/** @throws NotFound "Could not find the file PATH in container X" */
export async function statPath(
  ctx: Context,
  nameOrId: string,
  path: string,
  signal?: AbortSignal,
): Promise<ContainerPathStat> {
  return await withView(ctx, nameOrId, async (opened) => {
    await using owned = opened;
    return pathStat(await named(nameOrId, path, ctx.files.stat(owned.view, path, signal)));
  });
}

/** The archive must be read to its end or returned. @throws NotFound */
export async function copyFrom(
  ctx: Context,
  nameOrId: string,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly stat: ContainerPathStat; readonly archive: AsyncIterableIterator<Uint8Array> }> {
  return await withView(ctx, nameOrId, async (opened) => {
    const { stat, archive } = await named(nameOrId, path, ctx.files.read(opened.view, path, signal));
    emitContainerEvent(ctx, opened.record, "archive-path");
    const close = async () => {
      await archive[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    };
    return { stat: pathStat(stat), archive: withEnd(archive.bytes, close) };
  });
}

/** @throws NotFound; InvalidArgument for what is no directory; PermissionDenied in Docker's words where it is read-only */
export async function copyTo(ctx: Context, nameOrId: string, request: CopyToRequest): Promise<void> {
  const { path, archive, noOverwriteDirNonDir, copyUidGid, signal } = request;
  await withView(ctx, nameOrId, async (opened) => {
    await using owned = opened;
    const { record, view } = owned;
    const owner = copyUidGid ? ownerOf(ctx, record) : undefined;
    const options = { noOverwriteDirNonDir, ...(owner ? { owner } : {}) };
    try {
      await named(nameOrId, path, ctx.files.write(view, path, archive, options, signal));
    } catch (error) {
      throw error instanceof PermissionDenied ? readOnlyError(record, path, error) : error;
    }
    emitContainerEvent(ctx, record, "extract-to-dir");
  });
}

/** The user the container runs as, by its own account files. */
function ownerOf(
  ctx: Context,
  record: ContainerRecord,
): { readonly uid: number; readonly gid: number } | undefined {
  if (!record.config.User) return undefined;
  const accounts = ctx.specs.readAccounts(pathsOf(ctx.settings, record.id).root);
  const { uid, gid } = resolveUser(record.config.User, [], accounts).user;
  return { uid, gid };
}

async function named<T>(nameOrId: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new NotFound(`Could not find the file ${path} in container ${nameOrId}`, { cause: error });
  }
}

function readOnlyError(record: ContainerRecord, path: string, cause: PermissionDenied): PermissionDenied {
  const place = path.startsWith("/") ? path : `/${path}`;
  const isBelow = (destination: string) => place === destination || place.startsWith(`${destination}/`);
  const isMount = record.mounts.some(({ destination }) => isBelow(destination));
  const what = isMount ? "mounted volume" : "container rootfs";
  const message =
    isMount || record.hostConfig.ReadonlyRootfs ? `${what} is marked read-only` : messageOf(cause);
  return new PermissionDenied(message, { cause });
}

function pathStat({ name, sizeBytes, mode, mtimeNanos, linkTarget }: FileStat): ContainerPathStat {
  return { name, size: sizeBytes, mode: goFileMode(mode), mtime: rfc3339(BigInt(mtimeNanos)), linkTarget };
}

function rfc3339(nanos: bigint): string {
  const seconds = nanos / 1_000_000_000n - (nanos < 0n && nanos % 1_000_000_000n !== 0n ? 1n : 0n);
  const fraction = String(nanos - seconds * 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction === "" ? "" : `.${fraction}`}Z`;
}
