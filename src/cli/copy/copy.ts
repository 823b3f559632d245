import { lstatSync, realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { tap } from "#base/streams.ts";
import { writeTar } from "#base/tar-write.ts";
import type { Containers } from "#client/containers.ts";
import { type ContainerPathStat, isGoDirectory, isGoLink, isGoRegular } from "#spec/docker/archive.ts";
import { CliError } from "../errors.ts";
import { fileError } from "../files.ts";
import type { CliHost } from "../host.ts";
import type { Direction } from "./arguments.ts";
import { localTree } from "./local-tree.ts";
import { unpackLocally } from "./local-unpack.ts";
import {
  absolutePath,
  type CopySource,
  type CopyTarget,
  followedPath,
  planCopy,
  splitEntry,
} from "./plan.ts";

export interface CopyOptions {
  /** Files get the owner the container runs as. */
  readonly archive: boolean;
  readonly followLink: boolean;
}

export interface Copied {
  readonly bytes: number;
  /** As shown to the user; "-" for standard output. */
  readonly place: string;
}

type Client = Pick<Containers, "statPath" | "copyFrom" | "copyTo">;

/** Links to links there may be. */
const MAX_LINKS = 10;

export async function copyFromContainer(
  client: Client,
  host: Pick<CliHost, "cwd" | "stdout">,
  { container, path, target }: Extract<Direction, { to: "local" }>,
  { followLink }: CopyOptions,
): Promise<Copied> {
  const local = target === "-" ? "-" : absolutePath(host.cwd, target);
  if (local !== "-") checkLocalTarget(local);
  const link = followLink ? await client.statPath(container, path) : undefined;
  const followed = link && isGoLink(link.mode) ? followedPath(path, link.linkTarget) : { path };
  const { stat, archive } = await client.copyFrom(container, followed.path);
  let bytes = 0;
  const pieces = tap(archive.pieces(), (chunk) => {
    bytes += chunk.byteLength;
  });
  if (local === "-") {
    for await (const piece of pieces) await host.stdout.write(piece);
    return { bytes, place: "-" };
  }
  const source: CopySource = { path: followed.path, isDirectory: isGoDirectory(stat.mode) };
  const plan = planCopy(source, localTarget(local));
  const first = splitEntry(followed.path).base;
  const { rebaseName } = followed as { readonly rebaseName?: string };
  // into a directory a followed link keeps its own name
  const rename = plan.rename ?? (rebaseName ? { from: first, to: rebaseName } : undefined);
  await unpackLocally(pieces, { directory: plan.directory, ...(rename ? { rename } : {}) });
  return { bytes, place: target };
}

export async function copyToContainer(
  client: Client,
  host: Pick<CliHost, "cwd" | "stdin">,
  { source, container, path }: Extract<Direction, { to: "container" }>,
  { archive, followLink }: CopyOptions,
): Promise<Copied> {
  const target = await containerTarget(client, container, path);
  let bytes = 0;
  const send = async (directory: string, content: AsyncIterable<Uint8Array>): Promise<Copied> => {
    const failure = new AbortController();
    const counted = tap(abortOnFailure(content, failure), (chunk) => {
      bytes += chunk.byteLength;
    });
    try {
      await client.copyTo(container, directory, counted, { copyUidGid: archive, signal: failure.signal });
    } catch (error) {
      throw failure.signal.aborted ? failure.signal.reason : error;
    }
    return { bytes, place: `${container}:${path}` };
  };
  if (source === "-") {
    if (!target.isDirectory) throw new CliError(`destination "${container}:${path}" must be a directory`);
    return await send(target.path, host.stdin.stream());
  }
  const found = localSource(absolutePath(host.cwd, source), followLink);
  const plan = planCopy(found, target);
  const name = plan.rename?.to ?? found.rebaseName ?? splitEntry(found.path).base;
  return await send(plan.directory, writeTar(localTree(found.path, name)));
}

/** The client would wait for an answer to a request that never ends. */
async function* abortOnFailure(
  source: AsyncIterable<Uint8Array>,
  failure: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    failure.abort(error);
    throw error;
  }
}

/** What is at a place in a container; a link there is followed. */
async function containerTarget(client: Client, container: string, asked: string): Promise<CopyTarget> {
  let path = asked;
  let stat = await statIfThere(client, container, path);
  if (stat && isGoLink(stat.mode)) {
    path = posix.resolve(splitEntry(path).directory, stat.linkTarget);
    stat = await statIfThere(client, container, path);
  }
  if (stat && !isGoDirectory(stat.mode) && !isGoRegular(stat.mode))
    throw new CliError(`destination "${container}:${asked}" must be a directory or a regular file`);
  return { path, exists: stat !== undefined, isDirectory: stat !== undefined && isGoDirectory(stat.mode) };
}

async function statIfThere(
  client: Client,
  container: string,
  path: string,
): Promise<ContainerPathStat | undefined> {
  try {
    return await client.statPath(container, path);
  } catch (error) {
    // an answer to HEAD has no words: the copy itself will tell what is wrong
    if (error instanceof NotFound || error instanceof InvalidArgument) return undefined;
    throw error;
  }
}

/** @throws CliError in Docker's words */
function checkLocalTarget(path: string): void {
  const parent = posix.dirname(posix.normalize(path.replace(/\/+\.?$/, "") || "/"));
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory())
    throw new CliError(`invalid output path: directory "${parent}" does not exist`);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there && !there.isDirectory() && !there.isFile())
    throw new CliError(`invalid output path: "${path}" must be a directory or a regular file`);
}

function localTarget(asked: string): CopyTarget {
  let path = asked;
  for (let links = 0; links < MAX_LINKS; links++) {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return { path, exists: false, isDirectory: false };
    if (!stat.isSymbolicLink()) return { path, exists: true, isDirectory: stat.isDirectory() };
    const there = statSync(path, { throwIfNoEntry: false });
    if (there) path = realpathSync(path);
    else throw new CliError(`${asked}: is a link to nothing`);
  }
  throw new CliError(`${asked}: too many links`);
}

function localSource(path: string, followLink: boolean): CopySource {
  try {
    const { directory, base } = splitEntry(path);
    const resolved = followLink
      ? followedPath(path, realpathSync(path))
      : { path: absolutePath(realpathSync(directory), path.endsWith("/") ? `${base}/` : base) };
    const stat = lstatSync(resolved.path);
    return { ...resolved, isDirectory: stat.isDirectory() };
  } catch (error) {
    throw fileError("lstat", path, error);
  }
}
