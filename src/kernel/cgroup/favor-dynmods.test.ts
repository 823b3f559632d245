import { expect, test } from "bun:test";
import { parseMountinfo } from "../mount/mountinfo.ts";
import { remountOptions } from "./favor-dynmods.ts";

test("remountOptions() repeats what the mount has and adds the option", () => {
  const line =
    "26 25 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot";
  expect(remountOptions(parseMountinfo(line)[0]!)).toEqual({
    flags: ["nosuid", "nodev", "noexec", "relatime"],
    data: "nsdelegate,memory_recursiveprot,favordynmods",
  });
});
