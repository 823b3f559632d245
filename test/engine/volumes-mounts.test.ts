/** How volumes, binds and images are mounted, with the stock client. */
import { describe, expect, test } from "bun:test";
import { release } from "node:os";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const refused = async (...args: string[]) => (await daemon().docker(...args)).stderr;
const sh = (script: string) => daemon().machine.text(["sh", "-ec", script]);
const at = (name: string) => join(daemon().machine.directory, name);
const run = (...args: string[]) => docker("run", "--rm", ...args);

describe("what a source's own mount forbids", () => {
  test("stays forbidden in the container, whatever its runtime does with a bind", async () => {
    await sh(`mkdir ${at("hard")}; mount -t tmpfs -o ro,nosuid,nodev,noexec hard ${at("hard")}`);
    const options = await run("-v", `${at("hard")}:/x`, "busybox", "grep", " /x ", "/proc/self/mounts");
    expect(options).toMatch(/ ro,nosuid,nodev,noexec,/);
    await sh(`umount ${at("hard")}`);
  });

  test("holds for a volume that shows a directory read-only", async () => {
    await sh(`mkdir ${at("shown")}; touch ${at("shown")}/there`);
    const options = ["-o", "type=none", "-o", `device=${at("shown")}`, "-o", "o=bind,ro"];
    await docker("volume", "create", ...options, "shown");
    expect(await run("-v", "shown:/x", "busybox", "ls", "/x")).toBe("there");
    expect(await refused("run", "--rm", "-v", "shown:/x", "busybox", "touch", "/x/new")).toContain(
      "Read-only file system",
    );
    await docker("volume", "rm", "shown");
    const strict = ["-o", "type=none", "-o", `device=${at("shown")}`, "-o", "o=bind,nosuid,noexec"];
    await docker("volume", "create", ...strict, "shown");
    const mounted = await run("-v", "shown:/x", "busybox", "grep", " /x ", "/proc/self/mounts");
    expect(mounted).toMatch(/ rw,nosuid,noexec,/);
    await docker("volume", "rm", "shown");
    expect(await sh(`ls ${at("shown")}`)).toBe("there\n");
  });
});

describe.skipIf(IS_DOCKERD)("volume-subpath", () => {
  const mount = (subpath: string, more = "") =>
    `type=volume,src=tree,dst=/x,volume-subpath=${subpath}${more}`;

  test("shows a directory or a file of the volume, and later changes of its names do not matter", async () => {
    const fill = "mkdir -p /v/a/b && echo deep >/v/a/b/file && ln -s a/b /v/link";
    await run("-v", "tree:/v", "busybox", "sh", "-c", fill);
    expect(await run("--mount", mount("a/b"), "busybox", "cat", "/x/file")).toBe("deep");
    expect(await run("--mount", mount("link"), "busybox", "cat", "/x/file")).toBe("deep");
    expect(await run("--mount", mount("a/b/file"), "busybox", "cat", "/x")).toBe("deep");
    await docker("run", "-d", "--name", "keeper", "--mount", mount("a/b"), "busybox", "top");
    await run("-v", "tree:/v", "busybox", "sh", "-c", "mv /v/a/b /v/moved && ln -s / /v/a/b");
    expect(await docker("exec", "keeper", "ls", "/x")).toBe("file");
    expect(await docker("exec", "keeper", "cat", "/x/file")).toBe("deep");
    await docker("cp", "keeper:/x/file", at("copied"));
    expect(await sh(`cat ${at("copied")}`)).toBe("deep\n");
    await docker("rm", "-f", "keeper");
  });

  test("never leads out of the volume", async () => {
    const script =
      "ln -s / /v/root; ln -s ../../.. /v/up; ln -s /proc/self/root /v/magic; ln -s root/etc /v/two";
    await run("-v", "tree:/v", "busybox", "sh", "-c", script);
    for (const subpath of ["root/etc", "up", "magic/etc", "two", "a/b/etc"])
      expect(await refused("run", "--rm", "--mount", mount(subpath), "busybox", "ls", "/x")).toContain(
        `cannot access path ${subpath} of the volume`,
      );
    for (const subpath of ["../x", "/etc"])
      expect(await refused("run", "--rm", "--mount", mount(subpath), "busybox", "true")).toMatch(
        /must be a relative path|subpath/,
      );
    expect(await refused("run", "--rm", "--mount", mount("gone"), "busybox", "true")).toContain(
      "no such file or directory",
    );
    await docker("volume", "rm", "tree");
  });

  test("shows the volume's directory or nothing while a container exchanges it for a link out", async () => {
    const exchange =
      "mkdir /v/it; touch /v/it/inside; ln -s / /v/out; while :; do mv /v/it /v/dir; mv /v/out /v/it; mv /v/it /v/out; mv /v/dir /v/it; done";
    await docker("run", "-d", "--name", "attacks", "-v", "tree:/v", "busybox", "sh", "-c", exchange);
    const seen = await Promise.all(
      Array.from({ length: 12 }, () =>
        daemon().docker("run", "--rm", "--mount", mount("it"), "busybox", "ls", "/x"),
      ),
    );
    for (const { stdout, stderr } of seen)
      expect(stdout === "inside\n" || stderr.includes("cannot access path it of the volume")).toBe(true);
    await docker("rm", "-f", "attacks");
    await docker("volume", "rm", "tree");
  });
});

describe.skipIf(IS_DOCKERD)("--mount type=image", () => {
  test("shows an image's files read-only, and inspect names it", async () => {
    const spec = "type=image,source=busybox,destination=/other";
    await docker("run", "-d", "--name", "shows", "--mount", spec, "busybox", "top");
    expect(await docker("exec", "shows", "cat", "/other/etc/passwd")).toContain("root:x:0:0");
    expect(await refused("exec", "shows", "touch", "/other/new")).toContain("Read-only file system");
    const [mount] = JSON.parse(await docker("inspect", "-f", "{{json .Mounts}}", "shows"));
    expect(mount).toMatchObject({ Type: "image", Name: "busybox", Destination: "/other", RW: false });
    await docker("cp", "shows:/other/etc/passwd", at("passwd"));
    expect(await sh(`cat ${at("passwd")}`)).toContain("root:x:0:0");
    const lent = ["run", "--rm", "--volumes-from", "shows", "busybox", "ls", "/other/etc/passwd"];
    expect(await docker(...lent)).toBe("/other/etc/passwd");
    await docker("rm", "-f", "shows");
  });

  test("shows one place of it, and nothing outside", async () => {
    const spec = (subpath: string) => `type=image,source=busybox,destination=/e,image-subpath=${subpath}`;
    expect(await run("--mount", spec("etc"), "busybox", "ls", "/e")).toContain("passwd");
    expect(await run("--mount", spec("etc/passwd"), "busybox", "cat", "/e")).toContain("root:x:0:0");
    expect(await refused("run", "--rm", "--mount", spec("nowhere"), "busybox", "true")).toContain(
      "cannot access path nowhere of the image",
    );
  });

  test("keeps the image from removal for as long as there is the container", async () => {
    await sh(
      `mkdir ${at("files")}; echo 1 >${at("files")}/one; tar -C ${at("files")} -cf ${at("files.tar")} .`,
    );
    await docker("import", at("files.tar"), "data:1");
    const spec = "type=image,source=data:1,destination=/d";
    await docker("create", "--name", "user", "--mount", spec, "busybox", "cat", "/d/one");
    expect(await refused("rmi", "data:1")).toContain("is using its referenced image");
    expect(await docker("start", "-a", "user")).toBe("1");
    await docker("rm", "user");
    await docker("rmi", "data:1");
    const missing = await daemon().docker("create", "--mount", spec, "busybox");
    expect(missing.stderr).toContain('invalid mount config for type "image": No such image: data:1');
  });

  test("outlives a daemon that was killed", async () => {
    const spec = "type=image,source=busybox,destination=/other";
    await docker("run", "-d", "--name", "lives", "--mount", spec, "busybox", "top");
    await daemon().kill();
    await daemon().start();
    expect(await docker("exec", "lives", "ls", "/other/etc/passwd")).toBe("/other/etc/passwd");
    await docker("restart", "-t", "0", "lives");
    expect(await docker("exec", "lives", "ls", "/other/etc/passwd")).toBe("/other/etc/passwd");
    await docker("rm", "-f", "lives");
  });
});

describe.skipIf(IS_DOCKERD)("idmap", () => {
  const owned = async (name: string) => {
    await sh(`mkdir ${at(name)}; echo mine >${at(name)}/mine; chown -R 1234:1235 ${at(name)}`);
    return at(name);
  };
  // A test machine's directory is a tmpfs, whose ids can be mapped from Linux 6.3 on.
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const canMap = major > 6 || (major === 6 && minor >= 3);

  test.skipIf(!canMap)("lets a container's user write files of the directory's owner", async () => {
    const directory = await owned("caller");
    const write = "cat /src/mine; echo new >/src/new; mkdir /src/sub; stat -c %u:%g /src/mine /src/new";
    const user = ["-u", "1000:1000"];
    expect(await run(...user, "-v", `${directory}:/src:idmap`, "busybox", "sh", "-c", write)).toBe(
      "mine\n1000:1000\n1000:1000",
    );
    expect(await sh(`stat -c %u:%g ${directory}/new ${directory}/sub`)).toBe("1234:1235\n1234:1235\n");
    expect(await run("-v", `${directory}:/src:idmap,ro`, "busybox", "stat", "-c", "%u", "/src/new")).toBe(
      "0",
    );
    const explicit = `${directory}:/src:idmap=1234-1235`;
    expect(await run("-u", "7", "-v", explicit, "busybox", "stat", "-c", "%u:%g", "/src/new")).toBe("7:0");
  });

  test("is for directories of the host", async () => {
    expect(await refused("create", "-v", "data:/x:idmap", "busybox")).toContain("invalid mode: idmap");
    expect(await refused("create", "-v", "/tmp:/x:idmap=me", "busybox")).toContain("invalid idmap: me");
  });
});

test.skipIf(IS_DOCKERD)(
  "a container that cannot be created leaves none of the volumes it would have had",
  async () => {
    await docker("volume", "create", "there");
    const odd = "type=volume,src=odd,dst=/odd,volume-opt=colour=red";
    const nobody = "type=volume,src=far,dst=/far,volume-driver=nobody";
    for (const last of [odd, nobody]) {
      const volumes = ["-v", "there:/t", "-v", "made:/m", "-v", "/anonymous"];
      expect((await daemon().docker("create", ...volumes, "--mount", last, "busybox")).exitCode).toBe(1);
      expect(await docker("volume", "ls", "-q")).toBe("there");
    }
    await docker("volume", "rm", "there");
  },
);

testNothingIsLeft(daemon);
