import { expect, test } from "bun:test";
import { join } from "node:path";
import { startRegistry } from "../helpers/registry.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const skopeo = async (...args: string[]) =>
  (await daemon().machine.text(["skopeo", "--insecure-policy", ...args])).trim();
const file = (name: string) => join(daemon().machine.directory, name);
const digestAt = (reference: string) =>
  skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", `docker://${reference}`);

test("docker push: what goes out is what skopeo and a second pull find", async () => {
  await using registry = await startRegistry(daemon().machine);
  const name = `${registry.address}/team/app`;
  await docker("tag", "busybox", `${name}:1`);
  const output = await docker("push", `${name}:1`);
  expect(output).toStartWith(`The push refers to repository [${name}]`);
  const digest = /1: digest: (sha256:\w{64}) size: \d+$/.exec(output)?.[1];
  expect(await digestAt(`${name}:1`)).toBe(digest!);
  expect(await docker("images", "--digests", "--format", "{{.Digest}}", name)).toBe(digest!);

  await skopeo("copy", "-q", "--src-tls-verify=false", `docker://${name}:1`, `dir:${file("dir")}`);
  const again = await docker("push", `${name}:1`);
  expect(again).toContain("Layer already exists");
  expect(again).toContain(`1: digest: ${digest}`);

  const id = await docker("images", "-q", "--no-trunc", `${name}:1`);
  await docker("rmi", "busybox", `${name}:1`);
  await docker("pull", "-q", `${name}:1`);
  expect(await docker("images", "-q", "--no-trunc", `${name}:1`)).toBe(id);
  expect(await docker("push", `${name}:1`)).toContain(`1: digest: ${digest}`);
  expect(await docker("run", "--rm", `${name}:1`, "echo", "works")).toBe("works");

  await docker("tag", `${name}:1`, `${registry.address}/other:1`);
  expect(await docker("push", `${registry.address}/other:1`)).toContain("Mounted from team/app");

  await docker("tag", `${name}:1`, `${name}:2`);
  const all = await docker("push", "-a", name);
  expect(all).toContain("1: digest:");
  expect(all).toContain("2: digest:");
  expect(await daemon().wharfText("push", "-q", `${name}:2`)).toBe(`${name}:2`);
  await docker("tag", `${name}:1`, "busybox:latest");
  await docker("rmi", `${name}:1`, `${name}:2`, `${registry.address}/other:1`);
});

test("docker push with credentials, and without", async () => {
  await using registry = await startRegistry(daemon().machine, { user: "ann", password: "secret" });
  const name = `${registry.address}/private:1`;
  await docker("tag", "busybox", name);
  expect((await daemon().docker("push", name)).stderr).toContain("no basic auth credentials");
  await docker("login", "-u", "ann", "-p", "secret", registry.address);
  expect(await docker("push", name)).toContain("1: digest: sha256:");
  expect(await daemon().wharfText("push", name)).toContain("Layer already exists");
  await docker("logout", registry.address);
  await docker("rmi", name);
});

test("wharf push --compression zstd", async () => {
  await using registry = await startRegistry(daemon().machine);
  const { machine, socket } = daemon();
  await machine.text([
    "sh",
    "-c",
    `tar -C /usr/share/doc -cf - base-files libc6 2>/dev/null | docker -H unix://${socket} import - ${registry.address}/made:1`,
  ]);
  await daemon().wharfText("push", "--compression", "zstd", `${registry.address}/made:1`);
  const raw = await skopeo("inspect", "--raw", "--tls-verify=false", `docker://${registry.address}/made:1`);
  expect(JSON.parse(raw).layers[0].mediaType).toBe("application/vnd.oci.image.layer.v1.tar+zstd");
  await docker("rmi", `${registry.address}/made:1`);
});

test("docker push of an image for several platforms of which one is here says what it did", async () => {
  await using registry = await startRegistry(daemon().machine);
  await using second = await startRegistry(daemon().machine);
  const { machine, socket } = daemon();
  const at = (name: string) => `${registry.address}/${name}`;
  const copy = `${second.address}/copy:1`;
  const tar = "tar -C /usr/share/doc -cf - base-files 2>/dev/null";
  const script = `${tar} | docker -H unix://${socket} import --platform linux/arm64 - ${at("app:arm")}`;
  await machine.text(["sh", "-c", script]);
  await docker("tag", "busybox", at("app:amd"));
  for (const tag of ["arm", "amd"]) await docker("push", "-q", at(`app:${tag}`));
  await daemon().wharfText("manifest", "create", at("multi:1"), at("app:amd"), at("app:arm"));
  const list = (await daemon().wharfText("manifest", "push", at("multi:1"))).split("\n").at(-1)!;
  await docker("rmi", at("app:amd"), at("app:arm"));
  await docker("pull", "-q", at("multi:1"));
  await docker("tag", at("multi:1"), copy);
  const pushed = await daemon().docker("push", copy);
  const digest = await digestAt(copy);
  expect(pushed.stdout + pushed.stderr).toContain("only the available single-platform image was pushed");
  expect(pushed.stdout).toContain(list);
  const own = await daemon().wharf("push", copy);
  expect(own.stderr).toContain(`${list} -> ${digest}`);
  await docker("tag", at("multi:1"), at("multi:2"));
  expect(await docker("push", at("multi:2"))).toContain(`2: digest: ${list}`);
  await docker("tag", at("multi:1"), at("whole:1")); // the other platform is in this registry: it is mounted from there
  expect(await docker("push", at("whole:1"))).toContain(`1: digest: ${list}`);
  await docker("push", "--platform", "linux/amd64", copy);
  const other = await daemon().docker("push", "--platform", "linux/s390x", copy);
  expect(other.stderr).toContain("does not provide the specified platform (linux/s390x)");
  await docker("rmi", at("multi:1"), at("multi:2"), at("whole:1"), copy);
});

test("docker push names what is not here as dockerd does", async () => {
  expect((await daemon().docker("push", "nosuch/image:1")).stderr).toContain(
    "An image does not exist locally with the tag: nosuch/image",
  );
  expect((await daemon().docker("push", "busybox:nosuch")).stderr).toContain(
    "tag does not exist: busybox:nosuch",
  );
});

testNothingIsLeft(daemon);
