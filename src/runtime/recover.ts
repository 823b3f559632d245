import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Unavailable } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { exitRecordPath } from "./paths.ts";
import {
  readExitRecord,
  type SupervisorFiles,
  supervisedProcess,
  throughShortPath,
  Watch,
} from "./process.ts";
import { ControlConnection } from "./shim/control-connection.ts";
import { SOCKET_NAME } from "./shim/protocol.ts";
import type { Recovered, RecoverRequest } from "./types.ts";

/**
 * Finds the supervisor of a container again, or what it wrote last.
 * @throws Unavailable when it is there and does not talk with this daemon: its container runs and must not be taken for
 * lost
 */
export async function recover(files: SupervisorFiles, request: RecoverRequest): Promise<Recovered> {
  const recordPath = exitRecordPath(request.stateDirectory);
  const watch = new Watch(recordPath);
  const refusal: { reason?: Unavailable } = {};
  const control = await connect(files, request.runDirectory, watch, refusal);
  const outcome = control ? await watch.started : undefined;
  if (refusal.reason)
    throw new Unavailable(`cannot take over container ${request.id}: ${refusal.reason.message}`, {
      cause: refusal.reason,
      hint: "start the engine that started it, and stop the container there",
    });
  if (control && outcome?.type === "started") {
    const { id, runDirectory: directory } = request;
    const { started } = outcome;
    return {
      state: "running",
      process: supervisedProcess({ id, directory, started, watch, control, files }),
    };
  }
  // A supervisor writes its record before it stops listening.
  const status = readExitRecord(recordPath);
  return status ? { state: "exited", status } : { state: "lost" };
}

async function connect(
  files: SupervisorFiles,
  runDirectory: string,
  watch: Watch,
  refusal: { reason?: Unavailable } = {},
): Promise<ControlConnection | undefined> {
  const handlers = {
    notice: watch.notice.bind(watch),
    closed: watch.closed.bind(watch),
    refused: (reason: Unavailable) => {
      refusal.reason = reason;
    },
  };
  if (!existsSync(join(runDirectory, SOCKET_NAME))) return undefined;
  try {
    return await throughShortPath(files, runDirectory, (path) => ControlConnection.open({ path }, handlers));
  } catch {
    return undefined; // refused: the socket outlives its supervisor
  }
}

/** Names of the directories below `runRoot` whose supervisor answers. */
export async function listLive(files: SupervisorFiles, runRoot: string): Promise<string[]> {
  const live = await Promise.all(
    directoriesIn(runRoot).map(async (id) => {
      const probe = await connect(files, join(runRoot, id), new Watch(undefined));
      probe?.[Symbol.dispose]();
      return probe ? id : undefined;
    }),
  );
  return live.filter((id) => id !== undefined);
}

function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}
