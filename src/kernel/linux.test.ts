import { expect, test } from "bun:test";
import { release } from "node:os";
import { hermetic } from "./_testing/hermetic.ts";
import { createKernel } from "./linux.ts";

hermetic(import.meta.path, () => {
  test("createKernel() knows this host and connects every part", () => {
    const kernel = createKernel();
    const { features } = kernel;
    expect(features.kernelRelease).toBe(release());
    expect(["v1", "v2", "hybrid"]).toContain(features.cgroup);
    expect(features.hybridUnifiedMount === undefined).toBe(features.cgroup !== "hybrid");
    expect(features.controllers.has("memory")).toBe(true);
    expect(typeof features.favorDynMods).toBe("boolean");
    expect(kernel.host.findLink("lo")?.index).toBe(1);
    expect(kernel.host).toBe(kernel.host);
    expect(kernel.firewall.list("none")).toBeUndefined();
    expect(kernel.mounts.isMountPoint("/run")).toBe(true);
    expect(kernel.processes.isAlive(process.pid)).toBe(true);
    expect(kernel.sysctl.get("kernel/ostype")).toBe("Linux");
    expect(kernel.cgroups.exists("/no-such-group")).toBe(false);
  });
});
