/** What an administrator decides for containers that say nothing, and devices by name. */
import { expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const CDI = {
  cdiVersion: "0.6.0",
  kind: "acme.test/box",
  containerEdits: { env: ["BOX=yes"] },
  devices: [
    {
      name: "one",
      containerEdits: {
        deviceNodes: [{ path: "/dev/box", hostPath: "/dev/null" }],
        mounts: [{ hostPath: "/run/cdi/library", containerPath: "/opt/library", options: ["ro", "bind"] }],
        additionalGids: [4321],
      },
    },
  ],
};
const GPU = {
  cdiVersion: "0.6.0",
  kind: "nvidia.com/gpu",
  devices: [
    { name: "0", containerEdits: { env: ["GPU=0"] } },
    { name: "all", containerEdits: { env: ["GPU=all"] } },
  ],
};
const PROFILE = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["chroot"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
};

const daemon = useDaemon({
  prepare: `
mkdir -p /run/cdi
echo in the library >/run/cdi/library
echo '${JSON.stringify(CDI)}' >/run/cdi/box.json
echo '${JSON.stringify(GPU)}' >/run/cdi/gpu.yaml
echo '${JSON.stringify(PROFILE)}' >/run/profile.json`,
  flags: [
    ...["--no-new-privileges", "--init", "--default-ulimit", "nofile=100:200", "--default-shm-size", "2m"],
    ...[
      "--default-ipc-mode",
      "shareable",
      "--default-cgroupns-mode",
      "private",
      "--seccomp-profile",
      "/run/profile.json",
    ],
    ...["--cdi-spec-dir", "/run/cdi"],
  ],
});
const text = (...args: string[]) => daemon().dockerText(...args);
const run = (...args: string[]) => text("run", "--rm", ...args);

test("containers get the daemon's defaults, and may say otherwise", async () => {
  const script =
    "cat /proc/1/comm; grep NoNewPrivs /proc/self/status | cut -f2; ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1 | awk '{print $2}'; cut -d: -f3 /proc/self/cgroup | sort -u | head -1; chroot / true 2>/dev/null || echo no chroot";
  expect(await run("busybox", "sh", "-c", script)).toBe("docker-init\n1\n100\n200\n2048\n/\nno chroot");
  const own = [
    "--init=false",
    "--security-opt",
    "no-new-privileges=false",
    "--ulimit",
    "nofile=50:60",
    "--shm-size",
    "1m",
    "--security-opt",
    "seccomp=builtin",
  ];
  expect(await run(...own, "busybox", "sh", "-c", script)).toBe("sh\n0\n50\n60\n1024\n/");
  const id = await text("create", "busybox");
  expect(await text("inspect", "-f", "{{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}}", id)).toBe(
    "shareable private",
  );
  await text("rm", id);
});

test("info tells of them", async () => {
  const options = await text("info", "-f", "{{.SecurityOptions}}");
  expect(options).toContain("name=seccomp,profile=/run/profile.json");
  expect(options).toContain("name=no-new-privileges");
  expect(await text("info", "-f", "{{.CDISpecDirs}}")).toBe("[/run/cdi]");
});

test.each(["crun", "runc"])("%s: a device by its CDI name comes with all its edits", async (runtime) => {
  const script = 'echo "$BOX"; cat /opt/library; stat -c %t:%T /dev/box; echo x >/dev/box && id -G';
  const shown = await run(
    "--runtime",
    runtime,
    "--device",
    "acme.test/box=one",
    "busybox",
    "sh",
    "-c",
    script,
  );
  expect(shown).toMatch(/^yes\nin the library\n1:3\n.*\b4321\b/);
  expect(
    await run(
      "--runtime",
      runtime,
      "busybox",
      "sh",
      "-c",
      "ls /dev/box /opt/library 2>&1 | grep -c 'No such'; echo \"$BOX\"",
    ),
  ).toBe("2\n");
});

test("--gpus finds what specifications describe", async () => {
  expect(await run("--gpus", "all", "busybox", "sh", "-c", "echo $GPU")).toBe("all");
  expect(await run("--gpus", "1", "busybox", "sh", "-c", "echo $GPU")).toBe("0");
  expect(await run("--gpus", '"device=nvidia.com/gpu=0"', "busybox", "sh", "-c", "echo $GPU")).toBe("0");
});

test("a device nobody describes is refused in Docker's words, and one described later is found", async () => {
  const missing = await daemon().docker("run", "--rm", "--device", "acme.test/box=two", "busybox", "true");
  expect(missing.stderr).toContain("CDI device injection failed: unresolvable CDI devices acme.test/box=two");
  const later = { ...CDI, devices: [{ name: "two", containerEdits: {} }] };
  await daemon().machine.text(["sh", "-c", `echo '${JSON.stringify(later)}' >/run/cdi/later.json`]);
  expect(await run("--device", "acme.test/box=two", "busybox", "sh", "-c", "echo $BOX")).toBe("yes");
});

testNothingIsLeft(daemon);
