/**
 * Attacks on copying files, which a container makes while the engine works in its files: each must fail, and the honest
 * use beside it must work. Hostile archives against one place are tested in src/storage/files/tree-writer.test.ts.
 */
import { beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().docker(...args);
const text = (...args: string[]) => daemon().dockerText(...args);
const file = (name: string) => join(daemon().machine.directory, name);

/** Rounds of a race: the container changes its files some thousand times meanwhile. */
const ROUNDS = 12;

async function shell(script: string): Promise<string> {
  const { machine, socket } = daemon();
  const preamble = `cd ${machine.directory}; export DOCKER_HOST=unix://${socket} HOME=${machine.directory};`;
  return (await machine.text(["sh", "-c", preamble + script])).trim();
}

/** PUT /containers/NAME/archive with a file as body. */
const put = (name: string, path: string, archive: string) =>
  shell(
    `curl -s -w '%{http_code}' --max-time 30 --unix-socket ${daemon().socket} -T ${archive} ` +
      `-H Content-Type:application/x-tar 'http://x/v1.41/containers/${name}/archive?path=${path}'`,
  );

beforeAll(async () => {
  await shell("mkdir host; echo secret >host/secret; echo plain >plain; chmod 751 host");
});

async function hostIsUntouched(): Promise<void> {
  expect(await shell("ls -A host; cat host/secret; stat -c %a host")).toBe("secret\nsecret\n751");
}

test("a link that is swapped during cp leads to the container's own files (CVE-2018-15664)", async () => {
  const swap = `while :; do rm -rf /x; mkdir /x; echo own >/x/secret; rm -rf /x; ln -s ${file("host")} /x; done`;
  await text("run", "-d", "--name", "swap", "busybox", "sh", "-c", swap);
  for (let round = 0; round < ROUNDS; round++) {
    const [out] = await Promise.all([
      docker("cp", "swap:/x/secret", "-"),
      docker("cp", file("plain"), "swap:/x/evil"),
      docker("cp", "swap:/x/", file(`got${round}`)),
    ]);
    expect(out.stdout).not.toContain("secret\n");
  }
  await hostIsUntouched();
  expect(await shell("cat got*/secret 2>/dev/null | grep -c secret || true")).toBe("0");
  await text("rm", "-f", "swap");
});

test("links within the container, as /var/run is one, are followed by cp", async () => {
  await text(
    "run",
    "-d",
    "--name",
    "honest",
    "busybox",
    "sh",
    "-c",
    "mkdir /run /var; ln -s /run /var/run; sleep 100",
  );
  await until(
    "link",
    () => docker("exec", "honest", "test", "-L", "/var/run"),
    (done) => done.exitCode === 0,
  );
  await text("cp", file("plain"), "honest:/var/run/f");
  expect(await text("exec", "honest", "cat", "/run/f")).toBe("plain");
  expect(await shell("docker cp honest:/var/run/f - | tar -xOf -")).toBe("plain");
  await text("rm", "-f", "honest");
});

test("the place of a mount cannot be moved to the host by who shares a volume (CVE-2026-41568, CVE-2026-42306)", async () => {
  await shell("mkdir bound; echo bound >bound/b");
  const swap = `while :; do rm -rf /v/m; mkdir -p /v/m; rm -rf /v/m; ln -s ${file("host")} /v/m; done`;
  await text(
    "create",
    "--name",
    "victim",
    "-v",
    "shared:/v",
    "-v",
    `${file("bound")}:/v/m/sub`,
    "busybox",
    "true",
  );
  await text("run", "-d", "--name", "attacker", "-v", "shared:/v", "busybox", "sh", "-c", swap);
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all([
      docker("cp", "victim:/v/m", file(`m${round}`)),
      docker("cp", file("plain"), "victim:/v/f"),
    ]);
  await hostIsUntouched();
  expect(await shell("find host bound | sort")).toBe("bound\nbound/b\nhost\nhost/secret");
  await text("rm", "-f", "attacker");

  await text("run", "--rm", "-v", "shared:/v", "busybox", "sh", "-c", "rm -rf /v/m; mkdir -p /v/m/sub");
  expect(await shell("docker cp victim:/v/m/sub/b - | tar -xOf -")).toBe("bound");
  await text("cp", file("plain"), "victim:/v/m/sub/new");
  expect(await shell("cat bound/new")).toBe("plain");
  // a link to a place of the container's own: the mount goes where the container sees it, not where the host would
  const turned = "rm -rf /v/m /v/place; mkdir -p /v/place/sub; ln -s /v/place /v/m";
  await text("run", "--rm", "-v", "shared:/v", "busybox", "sh", "-c", turned);
  expect(await shell("docker cp victim:/v/m/sub/b - | tar -xOf -")).toBe("bound");
  await text("rm", "victim");
});

test("nothing that a container holds is run or loaded (CVE-2026-41567, CVE-2019-14271)", async () => {
  const bait =
    "for p in xz unxz bzip2 unpigz gzip tar zstd; do for d in /usr/bin /bin /usr/local/bin; do mkdir -p $d; " +
    'rm -f $d/$p; printf "#!/bin/sh\\ntouch /ran\\ncat\\n" >$d/$p; chmod 755 $d/$p; done; done; ' +
    "mkdir -p /lib/x86_64-linux-gnu /lib64 /usr/lib; for l in libnss_files.so.2 libc.so.6 libnss_dns.so.2; do " +
    "for d in /lib/x86_64-linux-gnu /lib64 /usr/lib; do echo garbage >$d/$l; done; done; " +
    "echo 'passwd: files evil' >/etc/nsswitch.conf; echo /evil.so >/etc/ld.so.preload; echo ready; sleep 1000";
  await text("run", "-d", "--name", "bait", "-u", "0", "busybox", "/bin/busybox", "sh", "-c", bait);
  await until(
    "bait",
    () => docker("logs", "bait"),
    ({ stdout }) => stdout.includes("ready"),
  );
  for (const program of ["xz", "bzip2", "gzip"]) {
    if (!existsSync(`/usr/bin/${program}`) && !existsSync(`/bin/${program}`)) continue;
    await shell(
      `rm -f n-${program}; echo ${program} >n-${program}; tar -c n-${program} | ${program} -c >packed`,
    );
    expect(await put("bait", "/", "packed")).toBe("200");
    expect(await text("exec", "bait", "/bin/busybox", "cat", `/n-${program}`)).toBe(program);
  }
  await text("cp", "-a", file("plain"), "bait:/root-owned");
  expect(await shell("docker cp bait:/root-owned - | tar -xOf -")).toBe("plain");
  expect((await docker("exec", "bait", "/bin/busybox", "test", "-e", "/ran")).exitCode).toBe(1);
  await text("rm", "-f", "bait");
});

test.skipIf(!existsSync("/usr/bin/xz"))(
  "a bad archive in xz ends at once and blocks nobody (CVE-2021-20291)",
  async () => {
    await text("run", "-d", "--name", "dead", "busybox", "sleep", "1000");
    await shell("(echo no tar at all; head -c 50000000 /dev/zero) | xz -0 -c >bad.xz");
    expect(await put("dead", "/", "bad.xz")).toEndWith("400");
    expect((await docker("load", "-i", file("bad.xz"))).exitCode).toBe(1);
    expect((await docker("import", file("bad.xz"))).exitCode).toBe(1);
    await text("cp", file("plain"), "dead:/after");
    expect(await text("exec", "dead", "cat", "/after")).toBe("plain");
    await text("rm", "-f", "dead");

    await shell("mkdir root; echo f >root/f; tar -C root -c f | xz -c >good.xz");
    await text("import", "-c", 'CMD ["x"]', file("good.xz"), "from-xz:1");
    expect(
      await shell(
        "docker save from-xz:1 | xz -0 -c >saved.xz; docker rmi from-xz:1 >/dev/null; docker load -qi saved.xz",
      ),
    ).toContain("from-xz:1");
    await text("rmi", "from-xz:1");
  },
);

test("an archive cannot write through a link it brings, nor change what is outside (CVE-2025-47290, CVE-2021-32760)", async () => {
  await text("run", "-d", "--name", "target", "busybox", "sleep", "1000");
  await shell(
    `mkdir a; ln -s ${file("host")} a/l; tar -C a -cf l.tar l; rm a/l; mkdir a/l; echo evil >a/l/secret; chmod 777 a/l; ` +
      "tar -C a -rf l.tar l; tar -C a -cPf up.tar --transform 's,^l,../../../../../../../../../../../../tmp,' l/secret; " +
      `mkdir b; ln -s ${file("host")} b/l; tar -C b -cf through.tar l; tar -C a -rf through.tar l/secret`,
  );
  await put("target", "/", "through.tar");
  await hostIsUntouched();
  await put("target", "/", "l.tar");
  expect(await put("target", "/", "up.tar")).toEndWith("400");
  await hostIsUntouched();
  expect(await text("exec", "target", "cat", "/l/secret")).toBe("evil");
  await text("rm", "-f", "target");
});

test("account files that are links or pipes give nothing of the host's, and nobody waits (CVE-2024-9676)", async () => {
  const wait = (script: string) => `${script}; echo ready; sleep 1000`;
  const scripts: Record<string, string> = {
    pipe: "rm /etc/passwd; mkfifo /etc/passwd",
    link: `rm /etc/passwd; ln -s ${file("passwd")} /etc/passwd`,
    own: "echo hosty:x:7:8::/:/bin/sh >>/etc/passwd",
  };
  await shell("echo hosty:x:4242:4242::/:/bin/sh >passwd");
  for (const [name, script] of Object.entries(scripts)) {
    await text("create", "--name", name, "-u", "hosty", "busybox");
    await text("run", "-d", "--name", `run-${name}`, "busybox", "sh", "-c", wait(script));
    await until(
      "ready",
      () => docker("logs", `run-${name}`),
      ({ stdout }) => stdout.includes("ready"),
    );
    await text("commit", "-c", "USER hosty", "-c", "CMD []", `run-${name}`, `accounts:${name}`);
    await text("rm", "-f", `run-${name}`, name);
    await text("create", "--name", name, `accounts:${name}`, "true");
    const { exitCode, stderr } = await docker("cp", "-a", file("plain"), `${name}:/f`);
    if (name === "own")
      expect(await shell("docker cp own:/f - | tar --numeric-owner -tvf -")).toContain("7/8");
    else expect([exitCode, stderr.includes("unable to find user hosty")]).toEqual([1, true]);
    await text("rm", name);
    await text("rmi", `accounts:${name}`);
  }
});

test("labels of an image stay labels: none reaches the runtime as a directive (CVE-2026-53488)", async () => {
  const directives = [
    "run.oci.seccomp_bpf_data",
    "run.oci.handler",
    "run.oci.hooks.stdin",
    "io.wharf.privileged",
  ];
  await text("create", "--name", "unlabelled", "busybox");
  await text(
    "commit",
    ...directives.flatMap((name) => ["-c", `LABEL ${name}=AAAA`]),
    "unlabelled",
    "labelled:1",
  );
  await text("run", "-d", "--name", "labelled", "labelled:1", "sleep", "1000");
  const id = await text("inspect", "-f", "{{.Id}}", "labelled");
  const config = JSON.parse(
    await shell(`cat $(find /run/wharf -path '*${id}*' -name config.json | head -1)`),
  );
  for (const name of directives.slice(1)) expect(config.annotations?.[name]).toBeUndefined();
  expect(config.annotations?.["run.oci.seccomp_bpf_data"]).not.toBe("AAAA");
  expect(await text("inspect", "-f", '{{index .Config.Labels "io.wharf.privileged"}}', "labelled")).toBe(
    "AAAA",
  );
  await text("rm", "-f", "unlabelled", "labelled");
  await text("rmi", "labelled:1");
});

test("a process that went into another root, and devices and pipes in the way, do not stop cp", async () => {
  const script =
    "mkdir -p /other/bin; cp /bin/busybox /other/bin/; mknod /null c 1 3; mkfifo /pipe; echo f >/f; echo ready; exec chroot /other /bin/busybox sleep 1000";
  await text("run", "-d", "--name", "moved", "busybox", "sh", "-c", script);
  await until(
    "ready",
    () => docker("logs", "moved"),
    ({ stdout }) => stdout.includes("ready"),
  );
  expect(await shell("docker cp moved:/f - | tar -xOf -")).toBe("f");
  expect(await shell("docker cp moved:/pipe - | tar -tf -; docker cp moved:/null - | tar -tf -")).toBe(
    "pipe\nnull",
  );
  await text("cp", file("plain"), "moved:/pipe");
  expect(await shell("docker cp moved:/pipe - | tar -xOf -")).toBe("plain");
  await text("rm", "-f", "moved");
});

testNothingIsLeft(daemon);
