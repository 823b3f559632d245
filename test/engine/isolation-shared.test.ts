/** Namespaces that containers keep to themselves, share with each other or with the host, and paths laid open on request. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const run = (...args: string[]) => text("run", "--rm", ...args);
const start = (name: string, ...args: string[]) =>
  text("run", "-d", "--name", name, ...args, "busybox", "sleep", "1000");
const NAMESPACES = ["ipc", "net", "pid", "uts", "mnt", "cgroup"];
const links = `for n in ${NAMESPACES.join(" ")}; do readlink /proc/self/ns/$n; done`;
const own = async (...args: string[]) => (await run(...args, "busybox", "sh", "-c", links)).split("\n");
const ofHost = async () => (await daemon().machine.text(["sh", "-c", links])).trim().split("\n");
/** Without control groups v2 a container sees the host's, as with Docker. */
const BY_DEFAULT = existsSync("/sys/fs/cgroup/cgroup.controllers") ? [] : ["cgroup"];
/** Names of the namespaces that two have in common. */
const common = (a: readonly string[], b: readonly string[]) =>
  NAMESPACES.filter((_name, at) => a[at] === b[at]);

test("a container shares no namespace with the host, and each that it asks for", async () => {
  const host = await ofHost();
  expect(common(await own(), host)).toEqual(BY_DEFAULT);
  expect(common(await own("--cgroupns", "private"), host)).toEqual([]);
  const all = ["--ipc", "host", "--network", "host", "--pid", "host", "--uts", "host", "--cgroupns", "host"];
  expect(common(await own(...all), host)).toEqual(["ipc", "net", "pid", "uts", "cgroup"]);
  expect(common(await own("--userns", "host"), host)).toEqual(BY_DEFAULT);
});

test("a container joins another's memory, processes and network, if that one lets it", async () => {
  await start("shares", "--ipc", "shareable");
  await start("keeps", "--ipc", "private");
  await text("exec", "shares", "sh", "-c", "echo word >/dev/shm/note");
  const joined = ["--ipc", "container:shares", "--pid", "container:shares", "--network", "container:shares"];
  expect(
    await run(
      ...joined,
      "busybox",
      "sh",
      "-c",
      "cat /dev/shm/note; cat /proc/1/cmdline | tr '\\0' ' '; hostname",
    ),
  ).toBe(`word\nsleep 1000 ${(await text("inspect", "-f", "{{.Id}}", "shares")).slice(0, 12)}`);
  const [theirs, ours] = [
    (await text("exec", "shares", "sh", "-c", links)).split("\n"),
    await own(...joined),
  ];
  expect(common(theirs, ours)).toEqual(["ipc", "net", "pid", ...BY_DEFAULT]);
  const refused = await docker("run", "--rm", "--ipc", "container:keeps", "busybox", "true");
  expect([refused.exitCode, refused.stderr]).toEqual([125, expect.stringContaining("non-shareable IPC")]);
  expect(await run("busybox", "ls", "/dev/shm")).toBe("");
  await text("rm", "-f", "shares", "keeps");
});

test("masked and read-only paths are open where they are asked to be, and nowhere else", async () => {
  const probe =
    "cat /proc/timer_list 2>/dev/null | head -c 5 | wc -c; grep -c ' /proc/sys .*[ ,]ro[, ]' /proc/mounts";
  const seen = (...args: string[]) => docker("run", "--rm", ...args, "busybox", "sh", "-c", probe);
  expect((await seen()).stdout.split("\n")[1]).toBe("1");
  const open = await seen("--security-opt", "systempaths=unconfined");
  expect(open.stdout.split("\n")[1]).toBe("0");
  const masks = (...args: string[]) =>
    run(...args, "busybox", "sh", "-c", "grep -c ' /proc/\\(kcore\\|keys\\) ' /proc/mounts || true");
  expect(Number(await masks())).toBeGreaterThan(0);
  expect(await masks("--security-opt", "systempaths=unconfined")).toBe("0");
  expect(await masks("--privileged")).toBe("0");
});

test("a root that is read-only keeps what is mounted writable, and its temporary file systems their options", async () => {
  const script =
    "touch /x 2>/dev/null && echo root; touch /t/x && echo tmp; touch /dev/shm/x && echo shm; grep ' /t ' /proc/mounts";
  const shown = await run(
    "--read-only",
    "--tmpfs",
    "/t:size=64k,mode=700,noexec",
    "busybox",
    "sh",
    "-c",
    script,
  );
  expect(shown).toMatch(/^tmp\nshm\ntmpfs \/t tmpfs rw,.*noexec.*size=64k,mode=700/);
});

test("security options that nothing can honour are refused by name", async () => {
  for (const [option, words] of [
    ["nosuch=1", "nosuch"],
    ["no-new-privileges=maybe", "no-new-privileges"],
    ["seccomp=/nowhere.json", "seccomp"],
    ["systempaths=open", "systempaths"],
  ] as const) {
    const { exitCode, stderr } = await docker("create", "--security-opt", option, "busybox");
    expect([option, exitCode === 0, stderr.includes(words)]).toEqual([option, false, true]);
  }
  const windows = await docker("create", "--isolation", "hyperv", "busybox");
  expect([windows.exitCode === 0, windows.stderr]).toEqual([false, expect.stringContaining("solation")]);
});

testNothingIsLeft(daemon);
