/**
 * Every flag of the stock client's `run` and `create`: what is asked for is seen inside the container or in the kernel,
 * or refused in words. Rows that go together share a container.
 */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { commandOf, type FlagRow, flagsOf, partsOf } from "../helpers/flag-table.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon({
  prepare: `
mkdir -p /run/files
printf 'FROM_FILE=1\\n' >/run/files/env
printf 'from.file=1\\n' >/run/files/labels`,
});
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const inspect = (format: string, name: string) => text("inspect", "-f", format, name);

const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
/** Any block device: limits of its I/O need no I/O. */
const DISK = ["vda", "sda", "nvme0n1", "loop0"]
  .filter((name) => existsSync(`/sys/block/${name}`))
  .map((name) => `/dev/${name}`)
  .find(existsSync);

/** The shell's words for a capability set as bits. */
const HAS_BIT = (bit: number) =>
  `caps=$(awk '/CapEff/ {print $2}' /proc/self/status); echo $(( (0x$caps >> ${bit}) & 1 ))`;

const CONFINED: FlagRow[] = [
  {
    flags: ["add-host"],
    args: ["--add-host", "db.test:192.0.2.7"],
    probe: "grep db.test /etc/hosts",
    shows: "192.0.2.7\tdb.test",
  },
  { flags: ["cap-add"], args: ["--cap-add", "NET_ADMIN"], probe: HAS_BIT(12), shows: "1" },
  { flags: ["cap-drop"], args: ["--cap-drop", "CAP_CHOWN"], probe: HAS_BIT(0), shows: "0" },
  {
    flags: ["cgroupns"],
    args: ["--cgroupns", "private"],
    probe: "cut -d: -f3 /proc/self/cgroup | sort -u | head -1",
    shows: "/",
  },
  {
    flags: ["cpu-period", "cpu-quota"],
    args: ["--cpu-period", "50000", "--cpu-quota", "25000"],
    probe: "limit cpu/cpu.cfs_period_us cpu.max; limit cpu/cpu.cfs_quota_us cpu.max",
    shows: /^(50000\n25000|25000 50000\n25000 50000)$/,
  },
  {
    flags: ["cpu-shares"],
    args: ["--cpu-shares", "512"],
    probe: "limit cpu/cpu.shares cpu.weight",
    shows: /^(512|20|59)$/,
  },
  {
    flags: ["cpuset-cpus"],
    args: ["--cpuset-cpus", "0"],
    probe: "grep Cpus_allowed_list /proc/self/status",
    shows: /\t0$/,
  },
  {
    flags: ["cpuset-mems"],
    args: ["--cpuset-mems", "0"],
    probe: "grep Mems_allowed_list /proc/self/status",
    shows: /\t0$/,
  },
  {
    flags: ["device"],
    args: ["--device", "/dev/kmsg:/dev/mine:r"],
    probe: "stat -c '%F %t:%T' /dev/mine; (echo x >/dev/mine) 2>/dev/null || echo refused",
    shows: "character special file 1:b\nrefused",
  },
  {
    flags: ["device-cgroup-rule"],
    args: ["--device-cgroup-rule", "c 10:1 rwm"],
    probe: "for n in 1 2; do mknod /tmp/d$n c 10 $n; (: </tmp/d$n) 2>&1 | grep -c 'not permitted'; done",
    shows: "0\n1",
  },
  {
    flags: ["dns"],
    args: ["--dns", "192.0.2.53"],
    probe: "grep nameserver /etc/resolv.conf",
    shows: "nameserver 192.0.2.53",
  },
  {
    flags: ["dns-option"],
    args: ["--dns-option", "ndots:3"],
    probe: "grep options /etc/resolv.conf",
    shows: /ndots:3/,
  },
  {
    flags: ["dns-search"],
    args: ["--dns-search", "example.test"],
    probe: "grep search /etc/resolv.conf",
    shows: "search example.test",
  },
  {
    flags: ["hostname"],
    args: ["--hostname", "box"],
    probe: "hostname; cat /etc/hostname",
    shows: "box\nbox",
  },
  {
    flags: ["domainname"],
    args: ["--domainname", "dom.test"],
    probe: "cat /proc/sys/kernel/domainname",
    shows: "dom.test",
  },
  {
    flags: ["env", "env-file"],
    args: ["--env", "A=b c", "--env-file", "/run/files/env"],
    probe: 'echo "$A:$FROM_FILE"',
    shows: "b c:1",
  },
  {
    flags: ["group-add"],
    args: ["--group-add", "1234", "--group-add", "users"],
    probe: "id -G",
    shows: /\b100\b.*\b1234\b|\b1234\b.*\b100\b/,
  },
  { flags: ["init"], args: ["--init"], probe: "cat /proc/1/comm", shows: "docker-init" },
  { flags: ["ipc"], args: ["--ipc", "none"], probe: "grep -c /dev/shm /proc/mounts", shows: "0" },
  {
    flags: ["memory", "memory-reservation"],
    args: ["--memory", "64m", "--memory-reservation", "32m"],
    probe:
      "limit memory/memory.limit_in_bytes memory.max; limit memory/memory.soft_limit_in_bytes memory.low",
    shows: "67108864\n33554432",
  },
  {
    flags: ["memory-swap"],
    args: ["--memory-swap", "96m"],
    probe: "limit memory/memory.memsw.limit_in_bytes memory.swap.max",
    shows: /^(100663296|33554432)$/,
  },
  {
    flags: ["mount"],
    args: ["--mount", "type=tmpfs,dst=/mounted,tmpfs-size=1m"],
    probe: "df -k /mounted | tail -1 | awk '{print $2}'",
    shows: "1024",
  },
  {
    flags: ["oom-score-adj"],
    args: ["--oom-score-adj", "500"],
    probe: "cat /proc/self/oom_score_adj",
    shows: "500",
  },
  { flags: ["pids-limit"], args: ["--pids-limit", "64"], probe: "limit pids/pids.max pids.max", shows: "64" },
  {
    flags: ["security-opt"],
    args: ["--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined"],
    probe: "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | cut -f2",
    shows: "1\n0",
  },
  {
    flags: ["sysctl"],
    args: ["--sysctl", "net.core.somaxconn=77"],
    probe: "cat /proc/sys/net/core/somaxconn",
    shows: "77",
  },
  {
    flags: ["tmpfs"],
    args: ["--tmpfs", "/t:size=2m,mode=1770"],
    probe: "stat -c %a /t; df -k /t | tail -1 | awk '{print $2}'",
    shows: "1770\n2048",
  },
  {
    flags: ["ulimit"],
    args: ["--ulimit", "nofile=64:128"],
    probe: "ulimit -Sn; ulimit -Hn",
    shows: "64\n128",
  },
  {
    flags: ["volume"],
    args: ["--volume", "/run/files:/files:ro", "--volume", "/run/files/env:/new/place/env:ro"],
    probe: "cat /files/env /new/place/env; touch /files/x /new/place/env 2>/dev/null || echo refused",
    shows: "FROM_FILE=1\nFROM_FILE=1\nrefused",
  },
  { flags: ["workdir"], args: ["--workdir", "/var"], probe: "pwd", shows: "/var" },
];

const LIMITS_OF_DISK: FlagRow[] = ["read-bps", "write-bps", "read-iops", "write-iops"].map((kind, index) => {
  const [direction, unit] = kind.split("-") as [string, string];
  const rate = 1_048_576 + index;
  const key = `${direction[0]}${unit}`;
  return {
    flags: [`device-${kind}`],
    args: [`--device-${kind}`, `${DISK}:${rate}`],
    probe: `limit blkio/blkio.throttle.${direction}_${unit}_device io.max`,
    shows: new RegExp(isV2 ? `${key}=${rate}` : ` ${rate}$`),
  };
});

const SECOND: FlagRow[] = [
  {
    flags: ["cpus"],
    args: ["--cpus", "0.5"],
    probe: "limit cpu/cpu.cfs_quota_us cpu.max",
    shows: /^50000( 100000)?$/,
  },
  { flags: ["user"], args: ["--user", "65534:100"], probe: "id -u; id -g", shows: "65534\n100" },
  {
    flags: ["read-only"],
    args: ["--read-only"],
    probe: "touch /home/x 2>/dev/null || echo refused",
    shows: "refused",
  },
  {
    flags: ["shm-size"],
    args: ["--shm-size", "1m"],
    probe: "df -k /dev/shm | tail -1 | awk '{print $2}'",
    shows: "1024",
  },
  {
    flags: ["userns"],
    args: ["--userns", "host"],
    probe: "awk '{print $3}' /proc/self/uid_map",
    shows: "4294967295",
  },
  { flags: ["runtime"], args: ["--runtime", "/proc/self/exe"], probe: "true", shows: "" },
];

const HOSTS: FlagRow[] = [
  {
    flags: ["pid"],
    args: ["--pid", "host"],
    probe: "test $$ -gt 1 && echo /proc/[0-9]* | wc -w | grep -qv '^[1-4]$' && echo shared",
    shows: "shared",
  },
  { flags: ["uts"], args: ["--uts", "host"], probe: "hostname", shows: /./ },
  { flags: ["ipc"], args: ["--ipc", "host"], probe: "grep -c ' /dev/shm ' /proc/mounts", shows: "1" },
  {
    flags: ["network"],
    args: ["--network", "host"],
    probe: "test -d /sys/class/net/lo && ip -o link | grep -c eth0",
    shows: "0",
  },
  {
    flags: ["privileged"],
    args: ["--privileged"],
    probe: "grep Seccomp: /proc/self/status | cut -f2; mount -t tmpfs t /tmp && echo mounted",
    shows: "0\nmounted",
  },
];

function describeGroup(name: string, rows: readonly FlagRow[], more: readonly string[] = []): void {
  describe(name, () => {
    let ran: Promise<string[]> | undefined;
    const parts = () => {
      ran ??= text("run", "--rm", ...commandOf(rows, more)).then((output) => partsOf(rows, output));
      return ran;
    };
    for (const [index, { flags, shows }] of rows.entries())
      test(`run ${flags.map((flag) => `--${flag}`).join(" ")}`, async () => {
        const shown = (await parts())[index]!;
        if (typeof shows === "string") expect(shown).toBe(shows);
        else expect(shown).toMatch(shows);
      });
  });
}

describeGroup(
  "in a confined container",
  CONFINED.filter(({ flags }) => flags[0] !== "device" || existsSync("/dev/kmsg")),
);
if (DISK) describeGroup("limits of a disk", LIMITS_OF_DISK);
describeGroup(
  "in a second container",
  SECOND.filter(({ flags }) => flags[0] !== "runtime"),
);
describeGroup("sharing with the host", HOSTS);

/** Flags whose effect is elsewhere, by the test that shows it. */
const ELSEWHERE: Record<string, () => Promise<void>> = {
  "annotation label label-file expose stop-signal stop-timeout name cidfile detach restart": async () => {
    const args = [
      "--annotation",
      "note=1",
      "--label",
      "a=b",
      "--label-file",
      "/run/files/labels",
      "--expose",
      "1234",
    ];
    const more = [
      "--stop-signal",
      "USR1",
      "--stop-timeout",
      "7",
      "--cidfile",
      "/run/files/cid",
      "--restart",
      "on-failure:3",
    ];
    await text(
      "run",
      "--detach",
      "--name",
      "facts",
      ...args,
      ...more,
      "busybox",
      "sh",
      "-c",
      "trap 'exit 9' USR1; while :; do sleep 0.1; done",
    );
    const format =
      '{{.HostConfig.Annotations.note}} {{.Config.Labels.a}} {{index .Config.Labels "from.file"}} {{json .Config.ExposedPorts}} {{.Config.StopTimeout}} {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}';
    expect(await inspect(format, "facts")).toBe('1 b 1 {"1234/tcp":{}} 7 on-failure:3');
    const id = await inspect("{{.Id}}", "facts");
    expect((await daemon().machine.text(["cat", "/run/files/cid"])).trim()).toBe(id);
    const bundle = await daemon().machine.text(["cat", `${daemon().execRoot}/containers/${id}/config.json`]);
    expect(JSON.parse(bundle).annotations.note).toBe("1");
    await text("stop", "facts");
    expect(await inspect("{{.State.ExitCode}}", "facts")).toBe("9");
    await text("rm", "facts");
  },
  "health-cmd health-interval health-retries health-start-interval health-start-period health-timeout no-healthcheck":
    async () => {
      const args = [
        "--health-cmd",
        "test -e /ok",
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
        "--health-timeout",
        "5s",
      ];
      await text(
        "run",
        "-d",
        "--name",
        "probed",
        ...args,
        "--health-start-period",
        "1s",
        "--health-start-interval",
        "500ms",
        "busybox",
        "sh",
        "-c",
        "touch /ok; sleep 1000",
      );
      expect(await inspect("{{json .Config.Healthcheck}}", "probed")).toBe(
        '{"Test":["CMD-SHELL","test -e /ok"],"Interval":1000000000,"Timeout":5000000000,"StartPeriod":1000000000,"StartInterval":500000000,"Retries":1}',
      );
      await until(
        "health",
        () => inspect("{{.State.Health.Status}}", "probed"),
        (status) => status === "healthy",
      );
      await text("exec", "probed", "rm", "/ok");
      await until(
        "health",
        () => inspect("{{.State.Health.Status}}", "probed"),
        (status) => status === "unhealthy",
      );
      await text("rm", "-f", "probed");
      const none = await text("create", "--no-healthcheck", "busybox");
      expect(await inspect("{{json .Config.Healthcheck.Test}}", none)).toBe('["NONE"]');
      await text("rm", none);
    },
  "network network-alias ip ip6 link-local-ip mac-address": async () => {
    await text(
      "network",
      "create",
      "--ipv6",
      "--subnet",
      "192.0.2.0/24",
      "--subnet",
      "fd00:77::/64",
      "flags",
    );
    const addresses = ["--ip", "192.0.2.77", "--ip6", "fd00:77::77", "--mac-address", "02:00:00:00:00:77"];
    const shown = await text(
      "run",
      "--rm",
      "--network",
      "flags",
      "--network-alias",
      "other",
      ...addresses,
      "busybox",
      "ip",
      "addr",
      "show",
      "eth0",
    );
    for (const word of ["192.0.2.77/24", "fd00:77::77/64", "02:00:00:00:00:77"])
      expect(shown).toContain(word);
    const local = await docker(
      "run",
      "--rm",
      "--network",
      "flags",
      "--link-local-ip",
      "169.254.7.7",
      "busybox",
      "ip",
      "addr",
      "show",
      "eth0",
    );
    expect(local.stdout + local.stderr).toContain("169.254.7.7");
    await text("network", "rm", "flags");
  },
  "publish publish-all": async () => {
    await text(
      "run",
      "-d",
      "--name",
      "ports",
      "-p",
      "127.0.0.1::80",
      "-P",
      "--expose",
      "81",
      "busybox",
      "sleep",
      "1000",
    );
    expect(await text("port", "ports")).toMatch(
      /80\/tcp -> 127\.0\.0\.1:\d+[\s\S]*81\/tcp -> 0\.0\.0\.0:\d+/,
    );
    await text("rm", "-f", "ports");
  },
  "link volumes-from log-driver log-opt volume-driver": async () => {
    const log = ["--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "labels=a"];
    await text(
      "run",
      "-d",
      "--name",
      "donor",
      "-l",
      "a=b",
      ...log,
      "--volume-driver",
      "local",
      "-v",
      "given:/data",
      "busybox",
      "sh",
      "-c",
      "echo said; echo x >/data/f; sleep 1000",
    );
    await until(
      "volume",
      () => text("exec", "donor", "sh", "-c", "cat /data/f || true"),
      (content) => content === "x",
    );
    expect(
      await text(
        "run",
        "--rm",
        "--link",
        "donor:db",
        "--volumes-from",
        "donor:ro",
        "busybox",
        "sh",
        "-c",
        "cat /data/f; grep -cw db /etc/hosts; touch /data/g 2>/dev/null || echo refused",
      ),
    ).toBe("x\n1\nrefused");
    expect(await text("logs", "--details", "donor")).toBe("a=b said");
    expect(await inspect("{{.HostConfig.VolumeDriver}} {{.HostConfig.LogConfig.Config}}", "donor")).toBe(
      "local map[labels:a max-size:1m]",
    );
    await text("rm", "-f", "donor");
    await text("volume", "rm", "given");
  },
  "cgroup-parent": async () => {
    const parent = `${daemon().cgroupParent}/made/deep`;
    const names = [1, 2, 3, 4].map((number) => `nested${number}`);
    await Promise.all(
      names.map((name) =>
        text("run", "-d", "--name", name, "--cgroup-parent", parent, "busybox", "sleep", "1000"),
      ),
    );
    for (const name of names) {
      const pid = await inspect("{{.State.Pid}}", name);
      expect(await daemon().machine.text(["cat", `/proc/${pid}/cgroup`])).toContain(
        `${parent}/${await inspect("{{.Id}}", name)}`,
      );
    }
    await text("rm", "-f", ...names);
    await daemon().machine.text([
      "bash",
      "-c",
      `rmdir /sys/fs/cgroup{,/*}${parent} /sys/fs/cgroup{,/*}${daemon().cgroupParent}/made 2>/dev/null || true`,
    ]);
  },
  runtime: async () => {
    const path = (await daemon().machine.text(["sh", "-c", "command -v runc"])).trim();
    for (const runtime of ["crun", "runc", path]) {
      await text("run", "--name", "by", "--runtime", runtime, "busybox", "true");
      expect(await inspect("{{.HostConfig.Runtime}}", "by")).toBe(runtime);
      await text("rm", "by");
    }
    expect((await docker("run", "--rm", "--runtime", "nosuch", "busybox")).stderr).toContain(
      "unknown or invalid runtime name: nosuch",
    );
    expect((await docker("run", "--rm", "--runtime", "/bin/false", "busybox")).stderr).toContain(
      "unknown or invalid runtime name: /bin/false",
    );
  },
  "rm entrypoint interactive attach tty sig-proxy detach-keys pull quiet platform": async () => {
    const flags = [
      "run",
      "--rm",
      "--pull",
      "never",
      "--quiet",
      "--platform",
      "linux/amd64",
      "--sig-proxy=false",
      "--detach-keys",
      "ctrl-x",
    ];
    const result = await daemon().machine.run(
      [
        "docker",
        "-H",
        `unix://${daemon().socket}`,
        ...flags.filter(
          (word) => process.arch === "x64" || (!word.includes("platform") && !word.includes("amd64")),
        ),
        "--interactive",
        "--attach",
        "stdin",
        "--attach",
        "stdout",
        "--entrypoint",
        "cat",
        "busybox",
        "-",
      ],
      { input: "typed\n" },
    );
    expect([result.stdout, result.exitCode]).toEqual(["typed\n", 0]);
    expect(await text("run", "--rm", "--tty", "busybox", "sh", "-c", "test -t 1 && echo tty")).toContain(
      "tty",
    );
    expect(
      (await docker("run", "--rm", "--platform", "windows/amd64", "--pull", "never", "busybox")).exitCode,
    ).toBe(125);
    expect(await text("ps", "-aq")).toBe("");
  },
  "blkio-weight blkio-weight-device memory-swappiness oom-kill-disable": async () => {
    const asked: [string[], string, RegExp][] = [
      [
        ["--blkio-weight", "300"],
        "cat /sys/fs/cgroup/blkio/blkio.weight /sys/fs/cgroup/io.bfq.weight /sys/fs/cgroup/io.weight 2>/dev/null",
        /\b(300|29\d\d)\b|does not support Block I\/O weight/,
      ],
      [
        ["--blkio-weight-device", `${DISK ?? "/dev/null"}:300`],
        "true",
        /^$|does not support Block I\/O weight_device/,
      ],
      [
        ["--memory", "64m", "--memory-swappiness", "7"],
        "limit memory/memory.swappiness none",
        isV2 ? /swappiness discarded/ : /^7$/,
      ],
      [
        ["--memory", "64m", "--oom-kill-disable"],
        "limit memory/memory.oom_control none",
        isV2 ? /OomKillDisable discarded/ : /oom_kill_disable 1/,
      ],
    ];
    for (const [args, probe, shows] of asked) {
      const result = await docker("run", "--rm", ...commandOf([{ flags: [], args, probe, shows }]));
      expect(result.exitCode === 0 || isV2).toBe(true);
      const [shown] = partsOf([{ flags: [], args, probe, shows }], result.stdout);
      expect(`${shown}${result.stderr}`).toMatch(shows);
    }
  },
  "cpu-rt-period cpu-rt-runtime": async () => {
    const above = await docker(
      "run",
      "--rm",
      "--cpu-rt-period",
      "1000",
      "--cpu-rt-runtime",
      "2000",
      "busybox",
    );
    expect(above.stderr).toContain("cpu real-time runtime cannot be higher than cpu real-time period");
    // The group above has no share to give unless the daemon was told so: the kernel refuses, and says so.
    const result = await docker(
      "run",
      "--rm",
      "--cpu-rt-period",
      "1000000",
      "--cpu-rt-runtime",
      "1000",
      "busybox",
      "true",
    );
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toMatch(/cpu\.rt_runtime_us|real-time/);
  },
  "storage-opt gpus isolation cpu-count cpu-percent io-maxbandwidth io-maxiops": async () => {
    const refused: [string[], string][] = [
      [["--storage-opt", "size=1g"], "--storage-opt is supported only for"],
      [["--storage-opt", "color=red"], "Unknown option color"],
      [["--gpus", "all"], 'could not select device driver "" with capabilities: [[gpu]]'],
      [["--isolation", "hyperv"], "linux only supports 'default'"],
      ...["cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops"].map((flag): [string[], string] => [
        [`--${flag}`, "10"],
        `"--${flag}" is only supported on a Docker daemon running on windows`,
      ]),
    ];
    for (const [args, words] of refused)
      expect((await docker("run", "--rm", ...args, "busybox", "true")).stderr).toContain(words);
    expect(await text("run", "--rm", "--isolation", "default", "busybox", "echo", "fine")).toBe("fine");
    expect(await text("ps", "-aq")).toBe("");
  },
};

for (const [flags, check] of Object.entries(ELSEWHERE))
  test(
    `run ${flags
      .split(" ")
      .map((flag) => `--${flag}`)
      .join(" ")}`,
    check,
  );

/** The engine never hears of them: what the client prints, trusts by itself, tries out, or no longer sends. */
const CLIENTS_OWN = ["help", "kernel-memory", "disable-content-trust", "use-api-socket"];

test("every flag of run and create has its row", async () => {
  const known = new Set([
    ...[...CONFINED, ...LIMITS_OF_DISK, ...SECOND, ...HOSTS].flatMap(({ flags }) => flags),
    ...Object.keys(ELSEWHERE).flatMap((flags) => flags.split(" ")),
    ...CLIENTS_OWN,
  ]);
  const run = await flagsOf(daemon(), "run");
  expect(run.filter((flag) => !known.has(flag))).toEqual([]);
  expect((await flagsOf(daemon(), "create")).filter((flag) => !run.includes(flag))).toEqual([]);
});

test("create takes the same flags, and start gives them their effect", async () => {
  const rows = CONFINED.filter(({ flags }) =>
    ["hostname", "cap-add", "memory", "tmpfs", "workdir"].includes(flags[0]!),
  );
  await text("create", "--name", "made", ...commandOf(rows));
  const shown = partsOf(rows, await text("start", "-a", "made"));
  for (const [index, { shows }] of rows.entries())
    expect(shown[index]!).toMatch(shows instanceof RegExp ? shows : new RegExp(`^${shows}$`));
  await text("rm", "made");
});

testNothingIsLeft(daemon);
