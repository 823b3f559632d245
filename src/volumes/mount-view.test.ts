import { expect, test } from "bun:test";
import { mountViews } from "./mount-view.ts";
import { planMounts } from "./mounts.ts";

test("mountViews() shows mounts as Docker's inspect does, without those of --tmpfs", () => {
  const hostConfig = {
    Binds: ["/srv:/srv:ro", "data:/data"],
    Tmpfs: { "/run": "" },
    Mounts: [{ Type: "tmpfs", Target: "/tmp" } as const],
  };
  const mounts = planMounts({ config: {}, hostConfig, mountsOf: () => [], imageOf: () => "" });
  expect(mountViews(mounts, (name) => ({ mountpoint: `/volumes/${name}/_data` }))).toEqual([
    {
      Type: "volume",
      Name: "data",
      Source: "/volumes/data/_data",
      Destination: "/data",
      Driver: "local",
      Mode: "z",
      RW: true,
      Propagation: "",
    },
    { Type: "bind", Source: "/srv", Destination: "/srv", Mode: "ro", RW: false, Propagation: "rprivate" },
    { Type: "tmpfs", Source: "", Destination: "/tmp", Mode: "", RW: true, Propagation: "" },
  ]);
});
