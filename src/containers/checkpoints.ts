import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { isErrno, namesIn } from "#base/fs.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { runtimeOf } from "./launch.ts";
import { nextStatus } from "./lifecycle.ts";
import type { Run } from "./live.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

/*
 * A checkpoint is a directory: CRIU's images, its log, and our mark that says whose it is. Nothing in it but the images
 * is ever read back: what the restored container may do comes from its record, as at any start.
 */
const MARK_NAME = "wharf-checkpoint.json";
const IMAGES_NAME = "images";
const WORK_NAME = "work";

export interface CheckpointOptions {
  readonly name: string;
  /** "": the container's own. */
  readonly directory: string;
  readonly exit: boolean;
}

/**
 * Freezes a running container to disk. Without its lock, for that takes as long as its memory is large; a stop or a
 * removal meanwhile wins, and the checkpoint fails.
 */
export async function createCheckpoint(
  ctx: Context,
  nameOrId: string,
  { name, directory, exit }: CheckpointOptions,
): Promise<void> {
  const record = ctx.records.resolve(nameOrId);
  checkCheckpointName(name);
  const path = join(checkpointRoot(ctx, record, directory), name);
  const run = checkRuns(ctx, record);
  const runtime = runtimeOf(ctx, record);
  await ctx.runtime.checkCheckpoints(runtime);
  makeDirectory(path, record);
  const wasExitWanted = run.isExitWanted;
  if (exit) run.isExitWanted = true; // its end by the checkpoint is no failure a policy should answer
  try {
    await ctx.runtime.checkpoint({
      runtime,
      containerId: record.id,
      imageDirectory: join(path, IMAGES_NAME),
      workDirectory: join(path, WORK_NAME),
      leaveRunning: !exit,
    });
  } catch (error) {
    run.isExitWanted = wasExitWanted;
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
  if (exit) await run.handled;
  const after = ctx.records.get(record.id);
  if (after) emitContainerEvent(ctx, after, "checkpoint", { checkpoint: name });
}

function checkRuns(ctx: Context, record: ContainerRecord): Run {
  nextStatus(subjectOf(ctx, record), "exec"); // as an exec, it needs the processes awake
  if (record.config.Tty) throw new InvalidArgument("checkpoint not supported on containers with tty");
  return ctx.live.of(record.id).run!;
}

function makeDirectory(path: string, record: ContainerRecord): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    throw new Conflict(`checkpoint with name ${nameIn(path)} already exists for container ${record.name}`);
  }
  for (const name of [IMAGES_NAME, WORK_NAME]) mkdirSync(join(path, name), { mode: 0o700 });
  writeFileSync(join(path, MARK_NAME), JSON.stringify({ container: record.id }), { mode: 0o600 });
}

export function listCheckpoints(ctx: Context, nameOrId: string, directory: string): string[] {
  const record = ctx.records.resolve(nameOrId);
  const root = checkpointRoot(ctx, record, directory);
  return namesIn(root)
    .sort()
    .filter((name) => isCheckpoint(join(root, name)));
}

export function removeCheckpoint(ctx: Context, nameOrId: string, name: string, directory: string): void {
  const record = ctx.records.resolve(nameOrId);
  rmSync(findCheckpoint(ctx, record, name, directory), { recursive: true });
}

/** Where the runtime finds what to go on from. @throws NotFound in Docker's words */
export function restoreSource(ctx: Context, record: ContainerRecord, name: string) {
  const path = findCheckpoint(ctx, record, name, "");
  return { imageDirectory: join(path, IMAGES_NAME), workDirectory: join(path, WORK_NAME) };
}

function findCheckpoint(ctx: Context, record: ContainerRecord, name: string, directory: string): string {
  checkCheckpointName(name);
  const path = join(checkpointRoot(ctx, record, directory), name);
  if (!isCheckpoint(path))
    throw new NotFound(`checkpoint ${name} does not exist for container ${record.name}`);
  return path;
}

function checkpointRoot(ctx: Context, record: ContainerRecord, directory: string): string {
  if (directory === "") return join(pathsOf(ctx.settings, record.id).directory, "checkpoints");
  if (!isAbsolute(directory) || directory.includes("\0"))
    throw new InvalidArgument(
      `invalid checkpoint directory ${JSON.stringify(directory)}: it must be an absolute path`,
    );
  return normalize(directory);
}

/** @throws InvalidArgument in Docker's words */
function checkCheckpointName(name: string): void {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
    throw new InvalidArgument(`Invalid checkpoint ID (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

/** A real directory with our mark in it: links are not followed, and nothing else is taken for a checkpoint. */
function isCheckpoint(path: string): boolean {
  try {
    if (!lstatSync(path).isDirectory() || !lstatSync(join(path, MARK_NAME)).isFile()) return false;
    return typeof JSON.parse(readFileSync(join(path, MARK_NAME), "utf8")).container === "string";
  } catch {
    return false;
  }
}

function nameIn(path: string): string {
  return path.slice(dirname(path).length + 1);
}
