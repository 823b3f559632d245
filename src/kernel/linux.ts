import { createCgroups } from "./cgroup/cgroups.ts";
import { detectLayout } from "./cgroup/detect.ts";
import { FavorDynMods } from "./cgroup/favor-dynmods.ts";
import { probeFeatures } from "./features.ts";
import { createFiles } from "./files/files.ts";
import { createMounts, listMounts } from "./mount/mounts.ts";
import { createNetworkNamespaces } from "./namespace/netns.ts";
import { NamespaceSwitch } from "./namespace/switch.ts";
import { createUserNamespaces } from "./namespace/userns.ts";
import { openNetlink } from "./netlink/netlink.ts";
import { createFirewall } from "./nftables/firewall.ts";
import { createHostPorts } from "./ports.ts";
import { createProcesses } from "./process/processes.ts";
import { createSockets } from "./sockets.ts";
import { createSysctls } from "./sysctl.ts";
import type { Kernel, Netlink } from "./types.ts";

/**
 * The kernel this process runs on. "Host" is the network namespace of the calling thread; only that thread may use
 * the result. It changes nothing by itself, and its few descriptors end with the process.
 */
export function createKernel(): Kernel {
  const mountEntries = listMounts();
  const layout = detectLayout(mountEntries);
  const favorDynMods = new FavorDynMods(layout, mountEntries);
  const features = probeFeatures(layout, favorDynMods);
  const namespaces = new NamespaceSwitch();
  const preparedNetworks = new Set<string>();
  let host: Netlink | undefined;
  return {
    features,
    mounts: createMounts(features),
    netns: createNetworkNamespaces(namespaces, preparedNetworks),
    userns: createUserNamespaces((path) => void preparedNetworks.add(path)),
    get host() {
      host ??= namespaces.inHost(openNetlink);
      return host;
    },
    firewall: createFirewall(namespaces),
    cgroups: createCgroups(layout, favorDynMods),
    processes: createProcesses(),
    files: createFiles(),
    ports: createHostPorts(namespaces),
    sockets: createSockets(),
    sysctl: createSysctls(),
  };
}
