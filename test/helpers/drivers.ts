/** Which storage drivers this machine has. */
import { join } from "node:path";
import { IS_DOCKERD } from "./daemon.ts";

/** Whether an engine of ours can be started with a driver on a file system: tried, in a mount namespace of its own. */
export function isDriverPossible(driver: string, fileSystem: string): boolean {
  if (IS_DOCKERD || process.getuid?.() !== 0) return false;
  const probe = join(import.meta.dir, "../../src/storage/_testing/probe-driver.ts");
  const own = ["unshare", "--mount", "--propagation", "private"];
  const command = [...own, process.execPath, probe, driver, fileSystem];
  return Bun.spawnSync(command, { stdout: "ignore", stderr: "ignore" }).exitCode === 0;
}
