import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { LogTarget } from "#runtime/types.ts";
import type { Context } from "./context.ts";
import {
  isReadable,
  isRemote,
  type LogPlaces,
  type LogPlan,
  logFile,
  planAttrs,
  planLog,
} from "./logs/options.ts";
import { type ReadLogRequest, readLog } from "./logs/read.ts";
import type { LogSubject } from "./logs/subject.ts";
import { pathsOf } from "./paths.ts";
import type { ContainerRecord } from "./types.ts";

/** The container as log drivers tell of it. */
export function logSubject(ctx: Pick<Context, "settings">, record: ContainerRecord): LogSubject {
  const { id, name, imageId, imageName, created, config } = record;
  const { Labels, Env, Cmd, Entrypoint } = config;
  const { hostname } = ctx.settings.host;
  return {
    id,
    name,
    imageId,
    imageName,
    created,
    hostname,
    config: { Labels, Env, Cmd, Entrypoint },
  } as LogSubject;
}

function placesOf(ctx: Pick<Context, "settings">, id: string): LogPlaces {
  const { log, localLogs, logSpool } = pathsOf(ctx.settings, id);
  return { json: log, local: localLogs, spool: logSpool };
}

/** What is written where; undefined where nothing is kept. */
export function logPlanOf(ctx: Pick<Context, "settings">, record: ContainerRecord): LogPlan | undefined {
  return planLog(record.hostConfig.LogConfig ?? {}, logSubject(ctx, record), placesOf(ctx, record.id));
}

/** What the supervisor is to write; makes the directory it goes to. */
export function prepareLog(ctx: Context, record: ContainerRecord): LogTarget | undefined {
  const plan = logPlanOf(ctx, record);
  if (!plan) return undefined;
  if (plan.format === "local") mkdirSync(dirname(plan.path), { recursive: true, mode: 0o700 });
  if (isRemote(record.hostConfig.LogConfig)) ctx.shipping.begin(record);
  return plan;
}

/** @returns undefined where the driver keeps nothing that can be read */
export function openLog(
  ctx: Context,
  record: ContainerRecord,
  request: Omit<ReadLogRequest, "path" | "format">,
): AsyncGenerator<Uint8Array> | undefined {
  const { LogConfig } = record.hostConfig;
  const file = isReadable(LogConfig) ? logFile(LogConfig, placesOf(ctx, record.id)) : undefined;
  if (!file) return undefined;
  const attrs = planAttrs(LogConfig?.Config ?? {}, logSubject(ctx, record));
  return readLog({ ...request, ...file, decode: { ...request.decode, attrs } });
}
