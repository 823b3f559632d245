/** Attacks on what separates containers from the host, each with the legitimate use next to it. */
import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

/** Loopback alone: what a developer's machine has. */
const TCP_PORT = 2375;
const RUNC_IS_RACED = Bun.semver.satisfies(
  /version (\d+\.\d+\.\d+)/.exec(Bun.spawnSync(["runc", "--version"]).stdout.toString())?.[1] ?? "",
  "<1.1.14",
);
const daemon = useDaemon({ flags: ["-H", `tcp://127.0.0.1:${TCP_PORT}`] });
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const onHost = async (script: string) => (await daemon().machine.text(["sh", "-c", script])).trim();
const run = (...args: string[]) => docker("run", "--rm", ...args);

/** What an attack would change: settings of the kernel, and a directory of the host's. */
const HOST_STATE =
  "cat /proc/sys/kernel/core_pattern /proc/sys/net/core/somaxconn; ls -A /run/precious; cat /run/precious/file";
let before = "";
beforeAll(async () => {
  await onHost("mkdir -p /run/precious && echo untouched >/run/precious/file");
  before = await onHost(HOST_STATE);
});
const expectHostUntouched = async () => expect(await onHost(HOST_STATE)).toBe(before);

describe.each(["crun", "runc"])("with %s", (runtime) => {
  const runBy = (...args: string[]) => run("--runtime", runtime, ...args);

  test("links in a volume that stands in for /dev lead no mask and no console to the host (CVE-2025-31133, CVE-2025-52565)", async () => {
    const plant =
      "ln -s /proc/sys/kernel/core_pattern /v/null; ln -s /proc/sys/kernel/core_pattern /v/console; mkdir /v/pts; ln -s /proc/sys/kernel/core_pattern /v/pts/0; ln -s /run/precious /v/shm; true";
    await text("run", "--rm", "-v", "devices:/v", "busybox", "sh", "-c", plant);
    for (const terminal of [[], ["-t"]])
      await runBy(
        ...terminal,
        "-v",
        "devices:/dev",
        "busybox",
        "sh",
        "-c",
        "echo x >/proc/sys/kernel/core_pattern; echo x >/dev/null; echo x >/proc/kcore; echo x >/dev/console; echo x >/dev/shm/x",
      );
    await expectHostUntouched();
    await text("volume", "rm", "devices");
    expect(
      (
        await runBy(
          "--device",
          "/dev/null:/dev/other",
          "busybox",
          "sh",
          "-c",
          "echo x >/dev/other && echo fine",
        )
      ).stdout,
    ).toBe("fine\n");
  });

  test("no mount of a user's lies over /proc, where settings and labels are written (CVE-2025-52881, CVE-2019-19921, CVE-2019-16884)", async () => {
    await text(
      "run",
      "--rm",
      "-v",
      "fake:/v",
      "busybox",
      "sh",
      "-c",
      "mkdir -p /v/self/attr /v/sys/net/core /v/1/attr && touch /v/self/attr/exec /v/sys/net/core/somaxconn",
    );
    for (const target of ["/proc", "/proc/self/attr", "/proc/sys", "/proc/sys/net"])
      for (const mount of [
        ["-v", `fake:${target}`],
        ["--tmpfs", target],
      ])
        await runBy(...mount, "--sysctl", "net.core.somaxconn=99", "busybox", "true");
    await expectHostUntouched();
    expect(
      await text(
        "run",
        "--rm",
        "-v",
        "fake:/v",
        "busybox",
        "sh",
        "-c",
        "cat /v/self/attr/exec /v/sys/net/core/somaxconn",
      ),
    ).toBe("");
    await text("volume", "rm", "fake");
    expect(
      (await runBy("--sysctl", "net.core.somaxconn=99", "busybox", "cat", "/proc/sys/net/core/somaxconn"))
        .stdout,
    ).toBe("99\n");
  });

  // runc makes the places of mounts itself and follows links on the way before 1.1.14: nothing we do beforehand lasts.
  test.skipIf(runtime === "runc" && RUNC_IS_RACED)(
    "a volume whose directories become links while others start makes nothing on the host (CVE-2024-45310)",
    async () => {
      const swap =
        "mkdir -p /s/a; while :; do mv /s/a /s/b; ln -s /../../../../../run/precious /s/a; rm /s/a; mv /s/b /s/a; done";
      await text("run", "-d", "--name", "swapper", "-v", "raced:/s", "busybox", "sh", "-c", swap);
      await Promise.all(
        Array.from({ length: 8 }, (_, number) =>
          runBy("-v", "raced:/s", "-v", `/run/precious/file:/s/a/deep${number}/file`, "busybox", "true"),
        ),
      );
      await text("rm", "-f", "swapper");
      await expectHostUntouched();
      await text("volume", "rm", "raced");
      expect(
        (
          await runBy(
            "-v",
            "fine:/s",
            "-v",
            "/run/precious/file:/s/deep/file:ro",
            "busybox",
            "cat",
            "/s/deep/file",
          )
        ).stdout,
      ).toBe("untouched\n");
      await text("volume", "rm", "fine");
    },
  );

  test("control groups cannot be written from inside, in either namespace (CVE-2023-25809)", async () => {
    const script =
      "awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts | while read d; do mkdir $d/made 2>/dev/null && echo made; (echo 0 >$d/cgroup.procs) 2>/dev/null && echo written; (echo /evil >$d/release_agent) 2>/dev/null && echo agent; done; true";
    for (const mode of ["private", "host"])
      expect((await runBy("--cgroupns", mode, "busybox", "sh", "-c", script)).stdout).toBe("");
    const own = "ls -d /sys/fs/cgroup/pids /sys/fs/cgroup 2>/dev/null | head -1";
    expect(
      (
        await runBy(
          "--security-opt",
          "writable-cgroups=true",
          "--cgroupns",
          "private",
          "busybox",
          "sh",
          "-c",
          `d=$(${own}); mkdir $d/made && rmdir $d/made && echo mine`,
        )
      ).stdout,
    ).toBe("mine\n");
  });

  test("more description than a length field of 16 bits holds loses no namespace (CVE-2021-43784)", async () => {
    const Tmpfs = Object.fromEntries(
      Array.from({ length: 450 }, (_, number) => [`/tmp/${"long".repeat(40)}${number}`, "size=4k"]),
    );
    const labels = Object.fromEntries(
      Array.from({ length: 200 }, (_, number) => [`annotation-${number}`, "x".repeat(400)]),
    );
    const HostConfig = { Runtime: runtime, NetworkMode: "none", Tmpfs, Annotations: labels };
    const script =
      "for kind in net pid mnt; do readlink /proc/self/ns/$kind; done; echo /proc/[0-9]* | wc -w";
    const { json, status } = await daemon().api("POST", "/containers/create", {
      Image: "busybox",
      Cmd: ["sh", "-c", script],
      Tty: true,
      HostConfig,
    });
    expect(status).toBe(201);
    const { Id } = json as { readonly Id: string };
    const shown = (await docker("start", "-a", Id)).stdout.trim().split(/\r?\n/);
    const hosts = (await onHost("readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt")).split(
      "\n",
    );
    expect(shown).toHaveLength(4);
    for (const [index, namespace] of hosts.entries()) expect(shown[index]).not.toBe(namespace);
    expect(Number(shown[3])).toBeLessThan(6);
    await text("rm", "-f", Id);
  });

  test("a fork bomb ends at its limit of processes, and the container can be removed", async () => {
    await text(
      "run",
      "-d",
      "--name",
      "bomb",
      "--runtime",
      runtime,
      "--pids-limit",
      "40",
      "busybox",
      "sh",
      "-c",
      // The first process forks only once: a shell that is refused a child ends.
      "bomb() { bomb | bomb & }; (while :; do bomb; done) & exec sleep 1000",
    );
    const count = async () =>
      Number(
        await onHost(
          `cat /sys/fs/cgroup/pids${daemon().cgroupParent}/*/pids.current 2>/dev/null || cat /sys/fs/cgroup${daemon().cgroupParent}/*/pids.current`,
        ),
      );
    await until("it has grown", count, (processes) => processes > 20);
    expect(await count()).toBeLessThanOrEqual(40);
    expect((await run("--pids-limit", "40", "busybox", "sh", "-c", "true & wait; echo fine")).stdout).toBe(
      "fine\n",
    );
    await text("rm", "-f", "bomb");
  });

  test("an environment of forty megabytes is refused, one of ten ends in the kernel's words, and one of a megabyte arrives", async () => {
    const start = async (Env: string[]) => {
      const body = {
        Image: "busybox",
        Cmd: ["sh", "-c", "env | wc -c"],
        Env,
        HostConfig: { Runtime: runtime, NetworkMode: "none" },
      };
      const { json } = await daemon().api("POST", "/containers/create", body);
      const { Id } = json as { readonly Id: string };
      const result = await docker("start", "-a", Id);
      await text("rm", "-f", Id);
      return result;
    };
    const huge = { Image: "busybox", Env: [`A=${"x".repeat(40 << 20)}`] };
    const refused = await daemon().api("POST", "/containers/create", huge);
    expect([refused.status, refused.text]).toEqual([
      413,
      expect.stringContaining("request body is larger than"),
    ]);
    const large = await start([`A=${"x".repeat(10 << 20)}`]);
    expect([large.exitCode === 0, large.stderr]).toEqual([
      false,
      expect.stringMatching(/argument list too long/i),
    ]);
    const many = await start(
      Array.from({ length: 8000 }, (_, number) => `NAME_${number}=${"x".repeat(110)}`),
    );
    expect(Number(many.stdout)).toBeGreaterThan(900_000);
  });
});

test("a container with a hundred thousand labels is made, found, shown and removed", async () => {
  const Labels = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, number) => [`label.${number}`, `value ${number}`]),
  );
  const { status } = await daemon().api("POST", "/containers/create?name=labelled", {
    Image: "busybox",
    Labels,
  });
  expect(status).toBe(201);
  expect(await text("ps", "-aq", "--filter", "label=label.99999=value 99999")).not.toBe("");
  const { json } = await daemon().api("GET", "/containers/labelled/json");
  expect(Object.keys((json as { Config: { Labels: object } }).Config.Labels)).toHaveLength(100_000);
  await text("rm", "labelled");
});

test("hostile names are refused, and what looks like a command or a path is only text", async () => {
  const names = [
    "../../etc",
    "a/b",
    "a b",
    "a\nb",
    "-x",
    ".",
    "a\u0000b",
    "ä",
    `a${"b".repeat(5)}/../c`,
    "$(id)",
    "%2e%2e",
    "a;b",
  ];
  for (const name of names) {
    const { status } = await daemon().api("POST", `/containers/create?name=${encodeURIComponent(name)}`, {
      Image: "busybox",
    });
    expect([name, status]).toEqual([name, 400]);
  }
  const words = [
    "-e",
    "X=$(touch /run/precious/x)",
    "-l",
    "../../l=`id`",
    "-h",
    "host-1",
    "--entrypoint",
    "/bin/echo",
  ];
  expect((await run(...words, "busybox", "$(touch /run/precious/y)")).stdout).toBe(
    "$(touch /run/precious/y)\n",
  );
  expect(await text("run", "--rm", "--name", "fine-name_1.x", "busybox", "echo", "fine")).toBe("fine");
  await expectHostUntouched();
});

test("the engine's API is not reachable from a container (CVE-2025-9074)", async () => {
  const gateway = (await run("busybox", "sh", "-c", "ip route | awk '/default/ {print $3}'")).stdout.trim();
  const addresses = [gateway, "127.0.0.1", "192.168.65.7", "host.docker.internal"];
  for (const address of addresses) {
    const args = [
      "--add-host",
      "host.docker.internal:host-gateway",
      "busybox",
      "wget",
      "-q",
      "-T",
      "2",
      "-O",
      "-",
    ];
    const result = await run(...args, `http://${address}:${TCP_PORT}/_ping`);
    expect([address, result.stdout, result.exitCode === 0]).toEqual([address, "", false]);
  }
  // Nor by a packet that claims to be for the host's own loopback.
  const routed = await run(
    "--cap-add",
    "NET_ADMIN",
    "--sysctl",
    "net.ipv4.conf.all.route_localnet=1", // or its own kernel would not let it out
    "busybox",
    "sh",
    "-c",
    `ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via ${gateway} dev eth0
     (printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc -w 2 127.0.0.1 ${TCP_PORT}`,
  );
  expect(routed.stdout).toBe("");
  // They left the container, and ended at the guard.
  expect(await onHost("nft list ruleset | grep 'ip daddr 127.0.0.0/8 iifname'")).toMatch(/packets [1-9]/);
  expect((await run("busybox", "sh", "-c", "ls /run/*.sock /var/run/*.sock 2>/dev/null")).stdout).toBe("");
  expect(
    await onHost(
      `exec 3<>/dev/null; bash -c 'exec 3<>/dev/tcp/127.0.0.1/${TCP_PORT}; printf "GET /_ping HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3'`,
    ),
  ).toBe("OK");
  expect(
    (await run("--network", "host", "busybox", "wget", "-q", "-O", "-", `http://127.0.0.1:${TCP_PORT}/_ping`))
      .stdout,
  ).toBe("OK");
});

test("a seccomp profile of the user's, none, and the default differ in what they let through", async () => {
  const profile = join(daemon().machine.directory, "profile.json");
  const rule = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
  };
  await daemon().machine.text(["sh", "-c", `echo '${JSON.stringify(rule)}' >${profile}`]);
  const script = "mkdir /tmp/x 2>/dev/null && echo made; unshare -U true 2>/dev/null && echo unshared; true";
  expect((await run("busybox", "sh", "-c", script)).stdout).toBe("made\n");
  expect(
    (
      await run(
        "--security-opt",
        `seccomp=${profile}`,
        "busybox",
        "sh",
        "-c",
        "mkdir /tmp/x 2>/dev/null || echo refused",
      )
    ).stdout,
  ).toBe("refused\n");
  expect((await run("--security-opt", "seccomp=unconfined", "busybox", "sh", "-c", script)).stdout).toContain(
    "made\n",
  );
});

test("no-new-privileges holds in exec too, and a setuid program gains nothing", async () => {
  await text(
    "run",
    "-d",
    "--name",
    "nnp",
    "--security-opt",
    "no-new-privileges",
    "busybox",
    "sh",
    "-c",
    "cp /bin/busybox /tmp/id; chmod 4755 /tmp/id; sleep 1000",
  );
  await until(
    "copied",
    () => docker("exec", "nnp", "test", "-u", "/tmp/id"),
    ({ exitCode }) => exitCode === 0,
  );
  expect(await text("exec", "-u", "65534", "nnp", "/tmp/id", "-u")).toBe("65534");
  expect(await text("exec", "nnp", "grep", "NoNewPrivs", "/proc/self/status")).toMatch(/1$/);
  await text("rm", "-f", "nnp");
});

testNothingIsLeft(daemon);
