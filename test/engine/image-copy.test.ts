import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { WHARF } from "../helpers/daemon.ts";
import { startRegistry } from "../helpers/registry.ts";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const file = (name: string) => join(daemon().machine.directory, name);
const copy = (...args: string[]) => daemon().wharfText("image", "copy", "-q", ...args);
const skopeo = async (...args: string[]) =>
  (await daemon().machine.text(["skopeo", "--insecure-policy", ...args])).trim();
const digestOf = (place: string) =>
  skopeo(
    "inspect",
    ...(place.startsWith("docker://") ? ["--tls-verify=false"] : []),
    "--format",
    "{{.Digest}}",
    place,
  );

test("an image keeps its digest from place to place, and others read each of them", async () => {
  await using registry = await startRegistry(daemon().machine);
  await using second = await startRegistry(daemon().machine);
  const app = `docker://${registry.address}/app:1`;
  const digest = await copy("busybox", app);
  expect(await digestOf(app)).toBe(digest);
  expect(await copy(app, `oci:${file("layout")}:one`)).toBe(digest);
  expect(await digestOf(`oci:${file("layout")}:one`)).toBe(digest);
  expect(await copy(`oci:${file("layout")}:one`, `oci-archive:${file("oci.tar")}:two`)).toBe(digest);
  expect(await digestOf(`oci-archive:${file("oci.tar")}:two`)).toBe(digest);
  expect(await copy(`oci-archive:${file("oci.tar")}`, `docker-archive:${file("docker.tar")}:made:3`)).toBe(
    digest,
  );
  expect(
    await skopeo("inspect", "--format", "{{len .Layers}}", `docker-archive:${file("docker.tar")}:made:3`),
  ).toBe("1");
  expect(await copy(`docker-archive:${file("docker.tar")}`, `docker://${second.address}/deep/app:3`)).toBe(
    digest,
  );
  expect(await copy(`docker://${second.address}/deep/app:3`, "engine:copied:1")).toBe(digest);
  expect(await daemon().dockerText("run", "--rm", "copied:1", "echo", "works")).toBe("works");
  expect(await daemon().dockerText("load", "-i", file("docker.tar"))).toContain("Loaded image: made:3");
  await daemon().dockerText("rmi", "copied:1", "made:3");
  const left = readdirSync(daemon().machine.outside(daemon().machine.directory));
  expect(left.filter((name) => name.includes(".tar.") || name.startsWith("."))).toEqual([]);
});

test("only what is missing is sent, within a registry not even that", async () => {
  await using registry = await startRegistry(daemon().machine);
  const at = (name: string) => `docker://${registry.address}/${name}`;
  await copy("busybox", at("app:1"));
  const loud = (from: string, to: string) => daemon().wharfText("image", "copy", from, to);
  const mounted = await loud(at("app:1"), at("other/app:1"));
  expect(mounted).toContain("Mounted from app");
  expect(mounted).not.toContain("Copied");
  expect(await loud(at("app:1"), at("other/app:2"))).toContain("Already there");
  const toEngine = await loud(at("app:1"), "again:1");
  expect(toEngine).toContain("Already there");
  expect(toEngine).not.toContain("Copied");
  await daemon().dockerText("rmi", "again:1");
});

test("--all copies an image for several platforms whole, --platform one of it", async () => {
  await using registry = await startRegistry(daemon().machine);
  await using second = await startRegistry(daemon().machine);
  const at = (name: string) => `${registry.address}/${name}`;
  await copy("busybox", `docker://${at("app:x")}`);
  await daemon().wharfText("manifest", "create", at("multi:1"), at("app:x"));
  await daemon().wharfText("manifest", "annotate", "--arch", "arm64", at("multi:1"), at("app:x"));
  const digest = (await daemon().wharfText("manifest", "push", "-p", at("multi:1"))).split("\n").at(-1)!;
  const from = `docker://${at("multi:1")}`;
  expect(await copy("--all", from, `docker://${second.address}/multi:1`)).toBe(digest);
  expect(await copy("--all", from, `oci:${file("multi")}`)).toBe(digest);
  const one = await copy("--platform", "linux/arm64", from, `oci:${file("one")}`);
  expect(one).toBe(await digestOf(`docker://${at("app:x")}`));
  const refused = async (...args: string[]) => (await daemon().wharf("image", "copy", ...args)).stderr;
  expect(await refused(from, `oci:${file("none")}`)).toContain("no matching manifest for linux/amd64");
  for (const place of ["engine:multi:1", `docker-archive:${file("all.tar")}:multi:1`, `dir:${file("all")}`]) {
    expect(await copy("--all", from, place)).toBe(digest);
    expect(await copy("--all", place, `docker://${second.address}/from-${place.slice(0, 3)}:1`)).toBe(digest);
  }
  await daemon().dockerText("rmi", "multi:1");
});

test("a directory is read and written as skopeo does it, and holds one image at a time", async () => {
  await using registry = await startRegistry(daemon().machine);
  const app = `docker://${registry.address}/app:1`;
  const digest = await copy("busybox", app);
  await copy(app, `dir:${file("ours")}`);
  expect(await digestOf(`dir:${file("ours")}`)).toBe(digest);
  await skopeo("copy", "-q", "--src-tls-verify=false", app, `dir:${file("theirs")}`);
  expect(await copy(`dir:${file("theirs")}`, "from-dir:1")).toBe(digest);
  expect(await daemon().dockerText("run", "--rm", "from-dir:1", "echo", "works")).toBe("works");
  const names = () => readdirSync(daemon().machine.outside(file("ours"))).toSorted();
  const before = names();
  await daemon().dockerText("run", "--name", "changed", "busybox", "touch", "/x");
  await daemon().dockerText("commit", "changed", "changed:1");
  await copy("changed:1", `dir:${file("ours")}`);
  expect(names()).not.toEqual(before);
  expect(names()).toHaveLength(before.length + 1); // one layer more, and nothing of the image before
  const refused = await daemon().wharf("image", "copy", app, `dir:${daemon().machine.directory}`);
  expect(refused.stderr).toContain("is neither empty nor an image");
  await daemon().dockerText("rm", "changed");
  await daemon().dockerText("rmi", "from-dir:1", "changed:1");
});

test("an archive of skopeo goes to the engine and to a registry", async () => {
  await using registry = await startRegistry(daemon().machine);
  const name = `docker://${registry.address}/app:1`;
  await copy("busybox", name);
  await skopeo(
    "copy",
    "-q",
    "--src-tls-verify=false",
    name,
    `docker-archive:${file("skopeo.tar")}:from/skopeo:1`,
  );
  await daemon().machine.text(["gzip", "-k", file("skopeo.tar")]);
  await copy(`docker-archive:${file("skopeo.tar.gz")}:from/skopeo:1`, "from/archive:1");
  expect(await daemon().dockerText("run", "--rm", "from/archive:1", "echo", "works")).toBe("works");
  const digest = await copy(`docker-archive:${file("skopeo.tar")}`, `docker://${registry.address}/plain:1`);
  expect(await digestOf(`docker://${registry.address}/plain:1`)).toBe(digest);
  await daemon().dockerText("rmi", "from/archive:1");
});

test("another machine's engine is reached over ssh", async () => {
  const { machine, socket } = daemon();
  const script = `#!/bin/sh\necho "$@" >>${file("ssh.log")}\nDOCKER_HOST=unix://${socket} exec ${WHARF} system dial-stdio\n`;
  await machine.run(
    ["sh", "-c", `mkdir -p ${file("bin")}; cat >${file("bin/ssh")}; chmod +x ${file("bin/ssh")}`],
    {
      input: script,
    },
  );
  const env = { PATH: `${file("bin")}:${process.env.PATH}`, HOME: machine.directory };
  const run = (...args: string[]) => machine.run([WHARF, "image", "copy", "-q", ...args], { env });
  const out = await run("ssh://ann@far.test/busybox", `oci:${file("far")}`);
  expect([out.exitCode, out.stderr]).toEqual([0, ""]);
  const back = await run(`oci:${file("far")}`, "ssh://ann@far.test/returned:1");
  expect([back.exitCode, back.stdout]).toEqual([0, out.stdout]);
  expect(await daemon().dockerText("images", "-q", "returned:1")).not.toBe("");
  expect(await machine.text(["cat", file("ssh.log")])).toContain("ann");
  await daemon().dockerText("rmi", "returned:1");
});

test("what is wrong is named", async () => {
  const refused = async (...args: string[]) => (await daemon().wharf("image", "copy", ...args)).stderr;
  expect(await refused("busybox", "docker:x")).toContain("a registry is written docker://NAME");
  expect(await refused("nosuch:1", `oci:${file("x")}`)).toContain("No such image: nosuch:1");
  expect(await refused(`oci:${file("nothing")}`, "x:1")).toContain("is no OCI layout");
  expect(await refused(`oci-archive:${file("nothing.tar")}`, "x:1")).toContain("nothing.tar");
  expect(await refused("--all", "--platform", "arm64", "a", "b")).toContain("conflicting options");
});
