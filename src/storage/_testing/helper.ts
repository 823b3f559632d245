import { join } from "node:path";

/** Command of the helper process in tests. */
export const HELPER_COMMAND: readonly string[] = [process.execPath, join(import.meta.dir, "helper-main.ts")];
