import { runOrThrow } from "#base/spawn.ts";
import type { Cgroups } from "#kernel/types.ts";
import { scopeUnit } from "./systemd-groups.ts";

/** Makes what a scope's group holds systemd's own view of it. Nothing to do for other groups and for one that is gone. */
export async function tellSystemd(
  cgroups: Pick<Cgroups, "exists" | "unitProperties">,
  group: string,
): Promise<void> {
  const unit = scopeUnit(group);
  if (unit === undefined || !cgroups.exists(group)) return;
  try {
    const properties = cgroups.unitProperties(group);
    await runOrThrow(["systemctl", "set-property", "--runtime", unit, ...properties]);
  } catch (error) {
    if (cgroups.exists(group)) throw error;
  }
}
