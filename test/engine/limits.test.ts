/** Limits where others meddle: with the group above all containers. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

test("limits hold although the empty group above was removed before the first container", async () => {
  const { machine, cgroupParent, dockerText } = daemon();
  await machine.run(["sh", "-c", `rmdir /sys/fs/cgroup${cgroupParent} /sys/fs/cgroup/*${cgroupParent}`]);
  const limits = ["--memory", "64m", "--cpu-shares", "512", "--pids-limit", "50", "--cpuset-cpus", "0"];
  await dockerText("run", "-d", "--name", "bounded", ...limits, "busybox", "sleep", "1000");
  const shown =
    "{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}} {{.HostConfig.CpusetCpus}}";
  expect(await dockerText("inspect", "-f", shown, "bounded")).toBe("67108864 512 50 0");
  const group = `${cgroupParent}/${await dockerText("inspect", "-f", "{{.Id}}", "bounded")}`;
  const file = isV2
    ? `/sys/fs/cgroup${group}/memory.max`
    : `/sys/fs/cgroup/memory${group}/memory.limit_in_bytes`;
  expect((await machine.text(["cat", file])).trim()).toBe("67108864");
  await dockerText("rm", "-f", "bounded");
});

test("a link is removed by its path with a slash in it", async () => {
  const { api, dockerText } = daemon();
  await dockerText("run", "-d", "--name", "base", "busybox", "sleep", "1000");
  await dockerText("run", "-d", "--name", "front", "--link", "base:db", "busybox", "sleep", "1000");
  expect((await api("DELETE", "/containers/front/db?link=1")).status).toBe(204);
  expect(await dockerText("inspect", "-f", "{{json .HostConfig.Links}}", "front")).toBe("null");
  await dockerText("rm", "-f", "front", "base");
});

testNothingIsLeft(daemon);
