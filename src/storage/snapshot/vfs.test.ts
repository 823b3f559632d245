import { silentLog } from "#base/log.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { openMemoryState } from "#state/memory.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { HELPER_COMMAND } from "../_testing/helper.ts";
import { createStorage } from "../storage.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  const states = new Map<string, ReturnType<typeof openMemoryState>>();
  testSnapshotter("vfs", kernel, (dataRoot) => {
    const state = states.get(dataRoot) ?? openMemoryState();
    states.set(dataRoot, state);
    return createStorage({
      dataRoot,
      kernel,
      state,
      driver: "vfs",
      log: silentLog,
      helperCommand: HELPER_COMMAND,
    });
  });
});
