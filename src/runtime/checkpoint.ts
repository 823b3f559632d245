import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Internal, messageOf, NotImplemented } from "#base/errors.ts";
import { run } from "#base/spawn.ts";
import { checkpointCommand, type OciRuntime } from "./oci-command.ts";
import type { CheckpointRequest, RestoreSource } from "./types.ts";

/** Where a runtime keeps CRIU's own log, below the directory it works in. */
const CRIU_LOG = { dump: "dump.log", restore: "restore.log" } as const;
const LOG_LINES = 5;

/** A program and its arguments to its end: exit code and words. */
export type RunProgram = typeof run;

/**
 * Whether processes can be frozen to disk here at all. Asked before anything is touched.
 * @throws NotImplemented with what is missing and what to do about it
 */
export async function checkCriu(
  runtime: Pick<OciRuntime, "kind" | "name" | "path">,
  { which, run: runProgram }: { readonly which: (name: string) => string | null; readonly run: RunProgram },
): Promise<void> {
  if (runtime.kind === "crun") {
    const { stdout } = await runProgram([runtime.path, "--version"]);
    if (!stdout.includes("+CRIU"))
      throw new NotImplemented(`the OCI runtime ${runtime.name} of this host was built without CRIU`, {
        hint: "create the container with --runtime runc",
      });
  }
  if (which("criu") === null)
    throw new NotImplemented("checkpoints need the program criu, which is not on this host", {
      hint: "install CRIU (package criu)",
    });
  const { exitCode, stdout, stderr } = await runProgram(["criu", "check"]);
  if (exitCode === 0) return;
  const words = lastLines(`${stdout}${stderr}`);
  throw new NotImplemented(`CRIU does not work with this kernel: "criu check" says: ${words}`);
}

/** @throws Internal with the last lines of CRIU's log when the runtime refuses */
export async function checkpoint(
  runtime: OciRuntime,
  stateRoot: string,
  request: Omit<CheckpointRequest, "runtime">,
): Promise<void> {
  const { exitCode, stderr } = await run(checkpointCommand(runtime, stateRoot, request), {
    cwd: request.workDirectory,
  });
  if (exitCode === 0) return;
  throw new Internal(
    `cannot checkpoint container ${request.containerId}: ${lastLines(stderr)}${criuWords(request.workDirectory, "dump")}`,
  );
}

/** The runtime only says that CRIU failed; CRIU's log says why. */
export function restoreFailure(error: unknown, { workDirectory }: RestoreSource): Error {
  return new Internal(`cannot restore: ${messageOf(error)}${criuWords(workDirectory, "restore")}`, {
    cause: error,
  });
}

/** ": " and what CRIU said last; "" when it said nothing. */
function criuWords(workDirectory: string, action: keyof typeof CRIU_LOG): string {
  try {
    const errors = readFileSync(join(workDirectory, CRIU_LOG[action]), "utf8")
      .split("\n")
      .filter((line) => line.includes("Error"));
    return errors.length > 0 ? `: ${errors.slice(-LOG_LINES).join("; ")}` : "";
  } catch {
    return "";
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-LOG_LINES).join("; ");
}
