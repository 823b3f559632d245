import { describe, expect, test } from "bun:test";
import { parseMountinfo } from "../mount/mountinfo.ts";
import { checkGroupPath, findLayout, hierarchyOf } from "./layout.ts";

// From a Linux 6.18 host with v1 controllers, Debian 10 under systemd, and Debian 12.
const HYBRID = `
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup rw
90 31 0:32 / /var/lib/elsewhere rw,relatime - cgroup cgroup rw,memory`.slice(1);
const V1 = HYBRID.split("\n")
  .filter((line) => !line.includes("cgroup2"))
  .join("\n");
const V2 = "26 25 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw,nsdelegate";

const layoutOf = (text: string) => findLayout(parseMountinfo(text), () => ["cpu", "io", "memory"]);

describe("findLayout()", () => {
  test("knows a hybrid host, and asks the freezer for groups and processes", () => {
    const layout = layoutOf(HYBRID);
    expect(layout.mode).toBe("hybrid");
    expect(layout.primary).toEqual({ version: 1, root: "/sys/fs/cgroup/freezer", controllers: ["freezer"] });
    expect(
      layout.hierarchies.map(({ version, root, controllers }) => [version, root, controllers.join()]),
    ).toEqual([
      [1, "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"],
      [1, "/sys/fs/cgroup/memory", "memory"],
      [1, "/sys/fs/cgroup/freezer", "freezer"],
      [1, "/sys/fs/cgroup/systemd", ""],
      [2, "/sys/fs/cgroup/unified", "cpu,io,memory"],
    ]);
  });

  test("knows v1 without a cgroup2 tree", () => {
    expect(layoutOf(V1).mode).toBe("v1");
  });

  test("knows v2", () => {
    expect(layoutOf(V2)).toMatchObject({
      mode: "v2",
      primary: { version: 2, root: "/sys/fs/cgroup", controllers: ["cpu", "io", "memory"] },
    });
  });

  test("says when nothing is mounted", () => {
    expect(() => layoutOf("21 1 0:20 / /sys rw - sysfs sysfs rw")).toThrow("no control groups are mounted");
  });
});

test.each([
  { text: HYBRID, file: "cpuacct.usage", root: "/sys/fs/cgroup/cpu,cpuacct" },
  { text: HYBRID, file: "memory.stat", root: "/sys/fs/cgroup/memory" },
  { text: V1, file: "pids.max", root: undefined },
  { text: V2, file: "pids.max", root: "/sys/fs/cgroup" },
])("hierarchyOf() finds $file in $root", ({ text, file, root }) => {
  expect(hierarchyOf(layoutOf(text), file)?.root).toBe(root);
});

test("checkGroupPath() takes absolute paths of plain names only", () => {
  for (const path of ["/wharf", "/wharf/abc", "/a.slice/b..c"]) checkGroupPath(path);
  for (const path of ["", "/", "wharf", "/wharf/", "/wharf//a", "/wharf/../x", "/..", "/a/."]) {
    expect(() => checkGroupPath(path)).toThrow("not a control group path");
  }
});
