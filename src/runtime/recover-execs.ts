import { listExecSessions, readExecNote, removeExecSession } from "./bundle.ts";
import type { SupervisorFiles } from "./process.ts";
import { recover } from "./recover.ts";
import type { RecoveredExec } from "./types.ts";

/**
 * Finds the supervisors of exec sessions again. One without a supervisor and without a record of its end is forgotten:
 * its start never came about, or somebody killed its supervisor.
 * @param forget called when a session that still runs has ended
 */
export async function recoverExecs(
  files: SupervisorFiles,
  { runDirectory }: { readonly containerId: string; readonly runDirectory: string },
  forget: (directory: string) => void,
): Promise<RecoveredExec[]> {
  const found = await Promise.all(
    listExecSessions(runDirectory).map(async ({ id, directory }) => {
      const note = readExecNote(directory);
      const recovered = await recover(files, { id, runDirectory: directory, stateDirectory: directory });
      if (recovered.state === "running") void recovered.process.exited.then(() => forget(directory));
      else removeExecSession(directory);
      return note === undefined || recovered.state === "lost" ? [] : [{ id, note, recovered }];
    }),
  );
  return found.flat();
}
