import { type Log, silentLog } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import { openMemoryState } from "#state/memory.ts";
import { createStorage, type Storage } from "../storage.ts";
import { HELPER_COMMAND } from "./helper.ts";

/** Opens storage with one driver; the same data root again is a restart, which finds its records. */
export function storageOpener(
  driver: string,
  kernel: Pick<Kernel, "mounts" | "files">,
): (dataRoot: string, options?: { readonly bootId?: string; readonly log?: Log }) => Storage {
  const states = new Map<string, ReturnType<typeof openMemoryState>>();
  return (dataRoot, { bootId, log = silentLog } = {}) => {
    const state = states.get(dataRoot) ?? openMemoryState();
    states.set(dataRoot, state);
    return createStorage({
      dataRoot,
      kernel,
      state,
      driver,
      log,
      ...(bootId ? { bootId } : {}),
      helperCommand: HELPER_COMMAND,
    });
  };
}
