import { existsSync } from "node:fs";
import { release } from "node:os";
import type { CgroupLayout } from "./cgroup/layout.ts";
import { hierarchyOf } from "./cgroup/layout.ts";
import { readSmallFile } from "./files/small.ts";
import { acceptsOption } from "./mount/mount-api.ts";
import type { KernelFeatures } from "./types.ts";

/** Asks the kernel what it can do: a few files and one unused file-system context, no processes, under a millisecond. */
export function probeFeatures(
  layout: CgroupLayout,
  favorDynMods: { readonly isOn: boolean },
): KernelFeatures {
  return {
    cgroup: layout.mode,
    hybridUnifiedMount:
      layout.mode === "hybrid" ? layout.hierarchies.find(({ version }) => version === 2)?.root : undefined,
    controllers: new Set(layout.hierarchies.flatMap(({ controllers }) => controllers)),
    get favorDynMods() {
      return favorDynMods.isOn; // the engine turns it on when it prepares its group
    },
    overlayLowerdirPlus: acceptsOption("overlay", ["lowerdir+", "/"]),
    ipv6: existsSync("/proc/net/if_inet6"),
    apparmor: readSmallFile("/sys/module/apparmor/parameters/enabled")?.startsWith("Y") ?? false,
    seccomp: existsSync("/proc/sys/kernel/seccomp/actions_avail"),
    swapLimit: countsSwap(layout),
    kernelRelease: release(),
  };
}

/** v1 has a file for it at the root; v2 has none there, and always counts where the kernel has swap at all. */
function countsSwap(layout: CgroupLayout): boolean {
  if (layout.mode === "v2") return layout.primary.controllers.includes("memory") && existsSync("/proc/swaps");
  const memory = hierarchyOf(layout, "memory.");
  return memory !== undefined && existsSync(`${memory.root}/memory.memsw.limit_in_bytes`);
}
