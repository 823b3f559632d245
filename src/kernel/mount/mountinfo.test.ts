import { expect, test } from "bun:test";
import { parseMountinfo } from "./mountinfo.ts";

test.each([
  {
    title: "a plain mount of the man page's example",
    line: "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
    entry: {
      id: 36,
      parentId: 35,
      root: "/mnt1",
      target: "/mnt2",
      options: ["rw", "noatime"],
      fsType: "ext3",
      source: "/dev/root",
      superOptions: ["rw", "errors=continue"],
      optional: ["master:1"],
    },
  },
  {
    title: "no optional fields",
    line: "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup rw,nsdelegate",
    entry: {
      target: "/sys/fs/cgroup/unified",
      fsType: "cgroup2",
      optional: [],
      superOptions: ["rw", "nsdelegate"],
    },
  },
  {
    title: "several optional fields",
    line: "50 1 0:40 / / rw shared:1 master:2 propagate_from:3 - tmpfs tmpfs rw",
    entry: { target: "/", optional: ["shared:1", "master:2", "propagate_from:3"] },
  },
  {
    title: "blank, tab, newline, backslash and # in names",
    line: String.raw`60 1 0:41 /a\040b /t\011n\012s\134x\043 rw - tmpfs my\040source rw`,
    entry: { root: "/a b", target: "/t\tn\ns\\x#", source: "my source" },
  },
  {
    title: "a target that holds the separator",
    line: "61 1 0:42 / /a/- rw - tmpfs - rw",
    entry: { target: "/a/-", fsType: "tmpfs", source: "-" },
  },
  {
    title: "an empty source",
    line: "62 1 0:43 / /x rw - tmpfs  rw,size=1k",
    entry: { source: "", superOptions: ["rw", "size=1k"] },
  },
  {
    title: "a namespace pin",
    line: "63 20 0:4 net:[4026532281] /run/netns/a rw shared:7 - nsfs nsfs rw",
    entry: { root: "net:[4026532281]", fsType: "nsfs" },
  },
])("parseMountinfo() reads $title", ({ line, entry }) => {
  expect(parseMountinfo(`${line}\n`)).toEqual([expect.objectContaining(entry)]);
});

test("parseMountinfo() refuses a line it does not understand", () => {
  expect(() => parseMountinfo("1 2 3\n")).toThrow("not understood: 1 2 3");
});
