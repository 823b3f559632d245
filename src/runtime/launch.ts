import { getSystemErrorName } from "node:util";
import { Internal } from "#base/errors.ts";
import type { Kernel } from "#kernel/types.ts";
import { readRuntimeLog } from "./bundle.ts";
import type { OciRuntime } from "./oci-command.ts";
import { startFailure } from "./oci-error.ts";
import type { SealedRuntimes } from "./oci-runtimes.ts";
import { type StartOutcome, supervisedProcess, Watch } from "./process.ts";
import type { ReaderBounds } from "./shim/arguments.ts";
import { spawnSupervisor } from "./shim/spawn.ts";
import type { LogTarget, PendingAttach, SupervisedProcess } from "./types.ts";

export interface LaunchParts {
  readonly kernel: Pick<Kernel, "features" | "files">;
  readonly supervisorPath: string;
  readonly sealed: SealedRuntimes;
  readonly readers: ReaderBounds | undefined;
}

export interface Launch {
  readonly id: string;
  readonly action: "create" | "exec";
  readonly directory: string;
  readonly runtime: OciRuntime;
  readonly command: readonly string[];
  /** Named in the error when it cannot be run. */
  readonly program: string;
  readonly terminal: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly record: string | undefined;
  readonly oomCounters: string | undefined;
  readonly overflow: string | undefined;
  readonly log: LogTarget | undefined;
  readonly attach: readonly PendingAttach[];
}

/**
 * Starts a supervisor and through it the runtime; returns when the process runs.
 * @throws StartFailed in Docker's words when the runtime refuses, Internal when the supervisor does
 */
export async function launch(parts: LaunchParts, request: Launch): Promise<SupervisedProcess> {
  const watch = new Watch(request.record);
  const { id, directory } = request;
  const { files, features } = parts.kernel;
  const hide = request.runtime.kind === "crun" ? features.hybridUnifiedMount : undefined;
  const { control, readers, direct } = await spawnSupervisor(
    files,
    {
      program: [parts.supervisorPath],
      options: { ...request, runtimeCommand: request.command, hide, readers: parts.readers },
      sealedRuntime: () => parts.sealed.descriptorFor(request.runtime),
      attach: request.attach,
    },
    { notice: (notice) => watch.notice(notice), closed: () => watch.closed() },
  );
  const outcome = await watch.started;
  if (outcome.type === "started") {
    for (const connection of direct) connection.taken();
    return supervisedProcess({ id, directory, started: outcome.started, watch, control, files });
  }
  control[Symbol.dispose]();
  for (const reader of readers) reader.destroy();
  throw failureOf(request, outcome);
}

function failureOf(request: Launch, { failure }: StartOutcome & { readonly type: "failed" }): Error {
  if (!failure) return new Internal(`cannot start ${request.id}: its supervisor ended at once`);
  const reason = failure.errno > 0 ? `: ${getSystemErrorName(-failure.errno)}` : "";
  const fallback = `cannot ${failure.what}${reason}`;
  if (failure.status < 0) return new Internal(`cannot start ${request.id}: ${fallback}`);
  return startFailure({
    action: request.action,
    runtime: request.runtime.name,
    log: readRuntimeLog(request.directory),
    program: request.program,
    fallback: `${fallback} (exit code ${failure.status})`,
  });
}
