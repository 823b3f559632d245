/** Command lines of the OCI runtimes. Paths are relative: the supervisor starts the runtime in the run directory. */
import { CONSOLE_NAME, PID_NAME, RUNTIME_LOG_NAME } from "./shim/protocol.ts";
import type { CheckpointRequest, RestoreSource } from "./types.ts";

/** Which program it is, whatever name it is configured under. */
export type RuntimeKind = "crun" | "runc" | "other";

export interface OciRuntime {
  readonly kind: RuntimeKind;
  readonly name: string;
  readonly path: string;
  /** Arguments from the configuration (runtimeArgs). */
  readonly args: readonly string[];
  /** First line of `--version`. */
  readonly version: string;
}

export const PROCESS_NAME = "process.json";

/** Starts a container from the bundle in the current directory. */
export function runCommand(
  runtime: OciRuntime,
  stateRoot: string,
  request: { readonly id: string; readonly terminal: boolean; readonly systemdGroup: boolean },
): string[] {
  const { id, terminal } = request;
  return [
    ...globalPart(runtime, stateRoot),
    ...groupPart(request),
    ...["run", "--detach", "--bundle", ".", "--pid-file", PID_NAME],
    ...consolePart(terminal),
    id,
  ];
}

/** Starts a container from the bundle in the current directory with the processes a checkpoint holds. */
export function restoreCommand(
  runtime: OciRuntime,
  stateRoot: string,
  request: {
    readonly id: string;
    readonly terminal: boolean;
    readonly systemdGroup: boolean;
    readonly restore: RestoreSource;
  },
): string[] {
  const { imageDirectory, workDirectory } = request.restore;
  return [
    ...globalPart(runtime, stateRoot),
    ...groupPart(request),
    ...["restore", "--detach", "--bundle", ".", "--pid-file", PID_NAME, "--file-locks"],
    ...["--image-path", imageDirectory, "--work-path", workDirectory],
    ...consolePart(request.terminal),
    request.id,
  ];
}

/** Freezes a container's processes to disk; they end, or run on. */
export function checkpointCommand(
  runtime: OciRuntime,
  stateRoot: string,
  request: Omit<CheckpointRequest, "runtime">,
): string[] {
  return [
    ...[runtime.path, ...runtime.args, "--root", stateRoot, "checkpoint", "--file-locks"],
    ...["--image-path", request.imageDirectory, "--work-path", request.workDirectory],
    ...(request.leaveRunning ? ["--leave-running"] : []),
    request.containerId,
  ];
}

/** Starts one more process, described in the current directory, in a running container. */
export function execCommand(
  runtime: OciRuntime,
  stateRoot: string,
  containerId: string,
  terminal: boolean,
): string[] {
  return [
    ...globalPart(runtime, stateRoot),
    ...["exec", "--detach", "--process", PROCESS_NAME, "--pid-file", PID_NAME],
    ...consolePart(terminal),
    containerId,
  ];
}

/** Kills what still runs and removes the container from the runtime's books. */
export function deleteCommand(
  runtime: OciRuntime,
  stateRoot: string,
  request: { readonly id: string; readonly systemdGroup: boolean },
): string[] {
  const command = [runtime.path, ...runtime.args, "--root", stateRoot, ...groupPart(request)];
  return [...command, "delete", "--force", request.id];
}

/**
 * crun writes its log as plain text: an error that only execve finds reaches the container's stderr in the same format,
 * and there a person reads it.
 */
function globalPart(runtime: OciRuntime, stateRoot: string): string[] {
  const format = runtime.kind === "crun" ? [] : ["--log-format", "json"];
  return [runtime.path, ...runtime.args, "--root", stateRoot, "--log", RUNTIME_LOG_NAME, ...format];
}

/** The runtime asks systemd for the container's group instead of making it. */
function groupPart({ systemdGroup }: { readonly systemdGroup: boolean }): string[] {
  return systemdGroup ? ["--systemd-cgroup"] : [];
}

function consolePart(terminal: boolean): string[] {
  return terminal ? ["--console-socket", CONSOLE_NAME] : [];
}
