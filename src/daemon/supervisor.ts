import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "#base/fs.ts";
import embedded from "../../dist/wharf-shim" with { type: "file" };

/**
 * Puts the supervisor where it can be executed: inside our executable it can only be read. Supervisors that run keep the
 * file they were started from.
 */
export async function installSupervisor(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  writeFileAtomic(path, await Bun.file(embedded).bytes(), { mode: 0o755 });
  chmodSync(path, 0o755); // whatever the umask is: `--init` runs it as the container's user
}
