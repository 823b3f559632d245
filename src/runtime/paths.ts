import { join } from "node:path";

/** Where a supervisor writes how its container ended. */
export function exitRecordPath(stateDirectory: string): string {
  return join(stateDirectory, "exit.json");
}
