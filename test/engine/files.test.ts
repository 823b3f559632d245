/** Files of containers: cp, export, commit, diff, through the stock client and our own. */
import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { IS_DOCKERD, startDaemon, WHARF } from "../helpers/daemon.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const failing = async (...args: string[]) => (await daemon().docker(...args)).stderr;
const file = (name: string) => join(daemon().machine.directory, name);
const inside = (script: string) => docker("exec", "web", "sh", "-c", script);

/** A script in the machine's directory; CLI is the client under test. @returns its words */
async function shell(script: string, client = "docker"): Promise<string> {
  const { machine, socket } = daemon();
  const preamble = `set -e; cd ${machine.directory}; export DOCKER_HOST=unix://${socket} HOME=${machine.directory}; CLI=${client};`;
  return (await machine.text(["sh", "-c", preamble + script])).trim();
}

beforeAll(async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "web",
    "-v",
    "vol:/vol",
    "--tmpfs",
    "/tmp2",
    "busybox",
    "sleep",
    "1000",
  );
  await inside(
    "mkdir -p /d/sub; echo one >/d/f; chmod 4755 /d/f; ln /d/f /d/hard; ln -s f /d/rel; ln -s /d/sub /d/abs; " +
      "ln -s sub/new /d/dangling; echo two >/d/sub/g; chown 12:34 /d/sub/g; mkfifo /d/pipe; rm /bin/ls",
  );
  await shell(
    "mkdir -p h/dir; echo file >h/plain; chown 77:88 h/plain; chmod 640 h/plain; ln -s plain h/link; echo x >h/dir/x",
  );
});

describe.each([
  ["docker", "docker"],
  ["wharf", WHARF],
])("%s cp", (name, client) => {
  if (IS_DOCKERD && name === "wharf") return;
  const sh = (script: string) => shell(script, client);
  const to = `/to-${name}`;
  const out = `out-${name}`;

  test("out: names, links, modes, standard output", async () => {
    await sh(
      `mkdir ${out}; $CLI cp web:/d ${out}/d; $CLI cp web:/d/f ${out}/renamed; $CLI cp web:/d/sub/. ${out}`,
    );
    expect(
      await sh(`cat ${out}/d/f ${out}/renamed ${out}/g; stat -c '%a %h' ${out}/d/f; readlink ${out}/d/rel`),
    ).toBe("one\none\ntwo\n4755 2\nf");
    expect(await sh("$CLI cp web:/d/abs - | tar -tf -")).toBe("abs");
    expect(await sh("$CLI cp web:/d/abs/ - | tar -tf -")).toBe("abs/\nabs/g");
    expect(await sh("$CLI cp web:/d/sub - | tar --numeric-owner -tvf - | grep -c 12/34")).toBe("1");
    expect(await sh(`$CLI cp -L web:/d/rel ${out}/followed; cat ${out}/followed`)).toBe("one");
  });

  test("in: owners, links, new names, standard input", async () => {
    await inside(`mkdir ${to}`);
    await sh(
      `$CLI cp h web:${to}; $CLI cp h/. web:${to}/flat; $CLI cp h/plain web:${to}/new; $CLI cp -L h/link web:${to}/l`,
    );
    const owner = `stat -c '%u:%g %a' ${to}/h/plain ${to}/new`;
    expect(await inside(`${owner}; cat ${to}/flat/dir/x ${to}/l; readlink ${to}/h/link`)).toBe(
      "77:88 640\n77:88 640\nx\nfile\nplain",
    );
    await sh(`tar -C h -c plain | $CLI cp - web:${to}`);
    await sh(`rm -f n; echo via >n; $CLI cp n web:/d/dangling`);
    expect(await inside(`cat ${to}/plain /d/sub/new; rm /d/sub/new`)).toBe("file\nvia");
  });

  test("into and out of volumes, tmpfs and the engine's own files", async () => {
    await sh("$CLI cp h/plain web:/vol/v; $CLI cp h/plain web:/tmp2/t");
    expect(await inside("cat /vol/v")).toBe("file");
    if (!IS_DOCKERD) expect(await sh("$CLI cp web:/tmp2/t - | tar -tf -")).toBe("t");
    expect(await sh("$CLI cp web:/etc/hosts - | tar -xOf - | head -1")).toContain("localhost");
  });

  test("what cannot be is refused with the reason", async () => {
    const failure = async (...args: string[]) =>
      (await daemon().machine.run([client, "-H", `unix://${daemon().socket}`, "cp", ...args])).stderr;
    expect(await failure("web:/nix", file("x"))).toContain("Could not find the file /nix in container web");
    expect(await failure("nobody:/x", file("x"))).toContain("No such container: nobody");
    expect(await failure(file("h/plain"), "web:/nix/")).toContain("no such directory");
    expect(await failure(file("h/dir"), "web:/d/f")).toContain("cannot copy directory");
    expect(await failure("a:/x", "b:/y")).toContain("copying between containers is not supported");
  });
});

test("files of containers that never ran, stopped, and are paused", async () => {
  await docker("create", "--name", "new", "-v", "etc:/etc", "busybox", "cat", "/etc/added");
  await shell("$CLI cp h/plain new:/etc/added");
  expect(await docker("start", "-a", "new")).toBe("file");
  expect(await shell("$CLI cp new:/etc - | tar -tf - | grep -E 'added|passwd' | sort")).toBe(
    "etc/added\netc/passwd",
  );
  await docker("pause", "web");
  await shell("$CLI cp h/plain web:/paused; $CLI cp web:/d/f - >/dev/null");
  await docker("unpause", "web");
  expect(await inside("cat /paused")).toBe("file");
  await docker("rm", "-v", "new");
});

test("read-only containers and volumes are not written to", async () => {
  await docker(
    "run",
    "-d",
    "--read-only",
    "--name",
    "ro",
    "-v",
    "vol:/rv:ro",
    "-v",
    "rw:/rw",
    "busybox",
    "sleep",
    "100",
  );
  for (const state of ["running", "stopped"]) {
    if (state === "stopped") await docker("stop", "-t", "0", "ro");
    expect(await failing("cp", file("h/plain"), "ro:/x")).toContain("container rootfs is marked read-only");
    expect(await failing("cp", file("h/plain"), "ro:/rv/x")).toContain("mounted volume is marked read-only");
    await docker("cp", file("h/plain"), `ro:/rw/${state}`);
  }
  expect(await shell("$CLI cp ro:/rw - | tar -tf - | sort")).toBe("rw/\nrw/running\nrw/stopped");
  await docker("rm", "-f", "ro");
});

test("the owner -a gives is looked up in the container's own files", async () => {
  await docker("run", "-d", "--name", "usr", "-u", "daemon", "busybox", "sleep", "100");
  await shell("$CLI cp -a h/plain usr:/mine; $CLI cp h/plain usr:/kept");
  expect(await docker("exec", "usr", "stat", "-c", "%u:%g", "/mine", "/kept")).toBe("1:1\n77:88");
  await docker("rm", "-f", "usr");
});

test.each(["gzip", "xz", "bzip2", "zstd"])("archives in %s are unpacked", async (program) => {
  if (!existsSync(`/usr/bin/${program}`) && !existsSync(`/bin/${program}`)) return;
  if (IS_DOCKERD && program === "zstd") return;
  const status = await shell(
    `tar -C h -c plain | ${program} -c >packed; curl -s -o /dev/null -w '%{http_code}' --unix-socket ${daemon().socket} -T packed -H Content-Type:application/x-tar 'http://x/v1.41/containers/web/archive?path=/d/sub'`,
  );
  expect(status).toBe("200");
  expect(await inside("cat /d/sub/plain; rm /d/sub/plain")).toBe("file");
});

test("diff, and export of a running and a stopped container", async () => {
  const changes = (await docker("diff", "web")).split("\n");
  for (const change of ["D /bin/ls", "C /bin", "A /d", "A /d/sub/g"]) expect(changes).toContain(change);
  const list =
    "tar --numeric-owner -tvf - | grep -E 'd/f|sub/g|d/rel|vol/v' | awk '{print $1, $2, $6}' | sort";
  const expected = "-rw-r--r-- 12/34 d/sub/g\n-rwsr-xr-x 0/0 d/f\nlrwxrwxrwx 0/0 d/rel";
  expect((await shell(`$CLI export web | ${list}`)).replace(/\nh.*/, "")).toBe(expected);
  await docker("stop", "-t", "0", "web");
  expect((await shell(`$CLI export web | ${list}`)).replace(/\nh.*/, "")).toBe(expected);
  await docker("start", "web");
  expect(
    await shell(
      '$CLI export web | $CLI import -c \'CMD ["cat","/d/f"]\' - exported:1 >/dev/null; $CLI run --rm exported:1',
    ),
  ).toBe("one");
});

describe("commit", () => {
  test("keeps changes, completes the configuration, tells who and why", async () => {
    const flags = ["-a", "Ada", "-m", "why", "-c", "ENV B=2", "-c", 'CMD ["x","y"]', "-c", "LABEL k=v"];
    const id = await docker("commit", ...flags, "web", "made:1");
    expect(id).toStartWith("sha256:");
    const format =
      "{{.Author}}|{{.Comment}}|{{json .Config.Cmd}}|{{.Config.Env}}|{{.Config.Labels}}|{{len .RootFS.Layers}}";
    expect(await docker("image", "inspect", "-f", format, "made:1")).toContain('Ada|why|["x","y"]|[');
    expect(await docker("run", "--rm", "made:1", "cat", "/d/f", "/d/sub/g")).toBe("one\ntwo");
    expect(await failing("run", "--rm", "made:1", "/bin/ls")).toContain("no such file");
    expect(await docker("run", "--rm", "made:1", "stat", "-c", "%h %a", "/d/f")).toBe("2 4755");
    expect(
      (await docker("history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", "made:1")).split(
        "\n",
      )[0],
    ).toBe("sleep 1000|why");
    expect(await failing("rmi", "-f", "busybox:latest")).toBe("");
    expect(await failing("rmi", await docker("inspect", "-f", "{{.Image}}", "web"))).toContain(
      "cannot be forced",
    );
    await docker("tag", await docker("inspect", "-f", "{{.Image}}", "web"), "busybox:latest");
    await docker("rmi", "made:1");
  });

  test("an image without changes has no more layers", async () => {
    await docker("create", "--name", "same", "busybox");
    await docker("commit", "same", "same:1");
    expect(await docker("image", "inspect", "-f", "{{len .RootFS.Layers}}", "same:1")).toBe("1");
    await docker("rm", "same");
    await docker("rmi", "same:1");
  });

  test("pauses a running container, unless told not to", async () => {
    const since = String(Math.floor(Date.now() / 1000) - 1);
    await docker("commit", "web", "p:1");
    await docker("commit", "--pause=false", "web", "p:2");
    const until = String(Math.floor(Date.now() / 1000) + 1);
    const told = await docker(
      "events",
      "--since",
      since,
      "--until",
      until,
      "--filter",
      "container=web",
      "--format",
      "{{.Action}}",
    );
    expect(
      told
        .split("\n")
        .filter((action) => /pause|commit/.test(action))
        .slice(-4),
    ).toEqual(["pause", "commit", "unpause", "commit"]);
    expect(await docker("inspect", "-f", "{{.State.Status}}", "web")).toBe("running");
    await docker("rmi", "p:1", "p:2");
  });

  test("what it cannot do is said before anything happens", async () => {
    expect(await failing("commit", "-c", "RUN x", "web")).toContain("run is not a valid change command");
    expect(await failing("commit", "nobody", "x")).toContain("No such container: nobody");
    await inside("touch /d/.wh.x");
    if (!IS_DOCKERD) expect(await failing("commit", "web")).toContain("are reserved in images");
    await inside("rm /d/.wh.x");
  });

  test("what was committed can be saved, removed, loaded and run", async () => {
    await docker("commit", "web", "kept:1");
    await docker("save", "-o", file("kept.tar"), "kept:1");
    await docker("rmi", "kept:1");
    expect(await docker("load", "-i", file("kept.tar"))).toContain("Loaded image: kept:1");
    expect(await docker("run", "--rm", "kept:1", "cat", "/d/f")).toBe("one");
    await docker("rmi", "kept:1");
  });
});

test("a client that goes away leaves nothing behind, and the container can be used", async () => {
  await inside("dd if=/dev/zero of=/big bs=1M count=64 2>/dev/null");
  await docker("stop", "-t", "0", "web");
  const curl = `curl -s --unix-socket ${daemon().socket}`;
  await shell(`${curl} 'http://x/containers/web/archive?path=/big' | head -c 100000 >/dev/null || true`);
  await shell(
    `(head -c 1000000 /dev/zero; sleep 0.2) | timeout 0.1 ${curl} -T - 'http://x/containers/web/archive?path=/d' || true`,
  );
  await docker("start", "web");
  expect(await inside("cat /d/f")).toBe("one");
  await docker("rm", "-f", "web");
  await docker("image", "rm", "exported:1");
});

test.skipIf(IS_DOCKERD)("diff, commit and cp work where the driver keeps whole copies", async () => {
  await using plain = await startDaemon({ flags: ["--storage-driver", "vfs"] });
  const ask = (...args: string[]) => plain.dockerText(...args);
  await ask("run", "--name", "changed", "busybox", "sh", "-c", "echo new >/new; rm /bin/ls; chmod 700 /tmp");
  const changes = (await ask("diff", "changed")).split("\n").sort();
  expect(changes).toEqual(["A /new", "C /bin", "C /tmp", "D /bin/ls"]);
  await ask("commit", "changed", "made:1");
  expect(
    await ask("run", "--rm", "made:1", "sh", "-c", "cat /new; test -e /bin/ls || echo gone; stat -c %a /tmp"),
  ).toBe("new\ngone\n700");
  await plain.machine.text(["sh", "-c", `echo in >${plain.machine.directory}/in`]);
  await ask("cp", `${plain.machine.directory}/in`, "changed:/in");
  await ask("cp", "changed:/in", `${plain.machine.directory}/out`);
  expect(await plain.machine.text(["cat", `${plain.machine.directory}/out`])).toBe("in\n");
});

testNothingIsLeft(daemon);
