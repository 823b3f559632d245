import { chmodSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import { PROCESS_NAME } from "./oci-command.ts";
import { CONSOLE_NAME, PID_NAME, RUNTIME_LOG_NAME, SOCKET_NAME } from "./shim/protocol.ts";
import { UNLIMITED } from "./spec/rlimits.ts";

/**
 * A run directory while its process lives: the OCI bundle, the supervisor's sockets, and below `exec/` one directory
 * for each exec session. Only root may enter: who reaches the socket rules the container.
 */
const DIRECTORY_MODE = 0o700;
const CONFIG_NAME = "config.json";
/** Which configured runtime started the container: whoever removes it later must ask the same one. */
const RUNTIME_NAME = "runtime";
const EXEC_NAME = "exec";
/** What the engine wants to know of a session when it finds it again. */
const NOTE_NAME = "note.json";

const BUNDLE_NAMES = [
  CONFIG_NAME,
  RUNTIME_NAME,
  PID_NAME,
  SOCKET_NAME,
  CONSOLE_NAME,
  RUNTIME_LOG_NAME,
  PROCESS_NAME,
  EXEC_NAME,
];

export function writeBundle(directory: string, spec: RuntimeSpec, runtimeName: string): void {
  const isNew = mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE }) !== undefined;
  if (!isNew) takeOver(directory);
  writeFileSync(join(directory, CONFIG_NAME), JSON.stringify({ ...spec, process: exact(spec.process) }), {
    mode: 0o600,
  });
  writeFileSync(join(directory, RUNTIME_NAME), runtimeName, { mode: 0o600 });
}

/** An earlier run of the same container may have left something, or somebody else made the directory for us. */
function takeOver(directory: string): void {
  chmodSync(directory, DIRECTORY_MODE);
  removeNames(directory);
}

/** "No limit" is the largest 64-bit number, which a JavaScript number rounds up to one that does not fit. */
const EXACT_UNLIMITED = (JSON as unknown as { rawJSON(text: string): number }).rawJSON(
  "18446744073709551615",
);

function exact(process: RuntimeSpec["process"]): RuntimeSpec["process"] {
  if (!process.rlimits) return process;
  const value = (limit: number) => (limit === UNLIMITED ? EXACT_UNLIMITED : limit);
  return {
    ...process,
    rlimits: process.rlimits.map(({ type, soft, hard }) => ({ type, soft: value(soft), hard: value(hard) })),
  };
}

export function bundleRuntime(directory: string): string | undefined {
  return readIfExists(join(directory, RUNTIME_NAME));
}

/** The `linux.cgroupsPath` a container was started with; undefined where no whole configuration was left. */
export function bundleGroup(directory: string): string | undefined {
  try {
    const text = readIfExists(join(directory, CONFIG_NAME)) ?? "{}";
    return (JSON.parse(text) as Partial<RuntimeSpec>).linux?.cgroupsPath;
  } catch {
    return undefined;
  }
}

/** Removes our files, and the directory if nobody else keeps something there. */
export function removeBundle(directory: string): void {
  removeNames(directory);
  removeIfEmpty(directory);
}

function removeNames(directory: string): void {
  for (const name of BUNDLE_NAMES) rmSync(join(directory, name), { recursive: true, force: true });
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "EBUSY"].some((code) => isErrno(error, code))) throw error;
  }
}

/** @returns the session's own directory */
export function writeExecSession(
  runDirectory: string,
  execId: string,
  process: RuntimeSpec["process"],
  note: string,
): string {
  const directory = join(runDirectory, EXEC_NAME, execId);
  mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  writeFileSync(join(directory, NOTE_NAME), note, { mode: 0o600 });
  writeFileSync(join(directory, PROCESS_NAME), JSON.stringify(exact(process)), { mode: 0o600 });
  return directory;
}

/** Sessions that have a directory: they run, or nobody was there at their end. */
export function listExecSessions(
  runDirectory: string,
): { readonly id: string; readonly directory: string }[] {
  try {
    return readdirSync(join(runDirectory, EXEC_NAME)).map((id) => ({
      id,
      directory: join(runDirectory, EXEC_NAME, id),
    }));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

export function readExecNote(directory: string): string | undefined {
  return readIfExists(join(directory, NOTE_NAME));
}

export function removeExecSession(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** What the runtime wrote while it started the process; "" when nothing. */
export function readRuntimeLog(directory: string): string {
  try {
    return readFileSync(join(directory, RUNTIME_LOG_NAME), "utf8");
  } catch {
    return "";
  }
}
