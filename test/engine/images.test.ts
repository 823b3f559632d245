import { expect, test } from "bun:test";
import { join } from "node:path";
import { startRegistry } from "../helpers/registry.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
/** Fills a registry with busybox by another project's hand. */
async function pushWithSkopeo(reference: string, credentials?: string): Promise<void> {
  const archive = file("pushed.tar");
  await docker("save", "-o", archive, "busybox");
  const flags = [
    "--insecure-policy",
    "copy",
    "-q",
    "--dest-tls-verify=false",
    ...(credentials ? ["--dest-creds", credentials] : []),
  ];
  await daemon().machine.text(["skopeo", ...flags, `docker-archive:${archive}`, `docker://${reference}`]);
}
const file = (name: string) => join(daemon().machine.directory, name);

test("images: list, tag, inspect, history, remove", async () => {
  expect(await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe("busybox:latest");
  await docker("tag", "busybox", "other/name:v1");
  expect(await docker("image", "inspect", "-f", "{{.RepoTags}}", "other/name:v1")).toContain("other/name:v1");
  expect(await docker("history", "-q", "busybox")).not.toBe("");
  expect(await docker("rmi", "other/name:v1")).toBe("Untagged: other/name:v1");
  expect((await daemon().docker("rmi", "other/name:v1")).stderr).toContain("No such image: other/name:v1");
});

test("an image in use is not removed", async () => {
  await docker("run", "-d", "--name", "user", "busybox", "sleep", "100");
  expect((await daemon().docker("rmi", "busybox")).stderr).toContain("unable to remove repository reference");
  await docker("rm", "-f", "user");
});

test("save and load give the same image back, with docker and with skopeo's archives", async () => {
  const id = await docker("images", "-q", "--no-trunc", "busybox");
  await docker("save", "-o", file("saved.tar"), "busybox");
  await docker("tag", "busybox", "keep:1");
  for (const [from, name] of [
    [`docker-archive:${file("saved.tar")}`, `oci-archive:${file("oci.tar")}:keep:oci`],
    [`docker-archive:${file("saved.tar")}`, `docker-archive:${file("skopeo.tar")}:keep:skopeo`],
  ] as const) {
    await daemon().machine.text(["skopeo", "--insecure-policy", "copy", "-q", from, name]);
  }
  for (const archive of ["saved.tar", "oci.tar", "skopeo.tar"])
    expect(await docker("load", "-i", file(archive))).toContain("Loaded image");
  expect(await docker("images", "-q", "--no-trunc", "busybox")).toBe(id);
  expect(await docker("run", "--rm", "keep:skopeo", "echo", "works")).toBe("works");
  await docker("rmi", "keep:1", "keep:skopeo");
});

test("import takes changes", async () => {
  const { machine, socket } = daemon();
  const script = `tar -C /usr/share -c base-files 2>/dev/null | docker -H unix://${socket} import -c 'ENV A=b' -c 'CMD ["x","y"]' -m note - made:1`;
  await machine.text(["sh", "-c", script]);
  expect(
    await docker("image", "inspect", "-f", "{{.Config.Env}} {{.Config.Cmd}} {{.Comment}}", "made:1"),
  ).toBe("[A=b] [x y] note");
  await docker("rmi", "made:1");
});

test("pull from a registry: plain, then nothing to do, then run", async () => {
  await using registry = await startRegistry(daemon().machine);
  await pushWithSkopeo(`${registry.address}/team/app:1`);
  const first = await docker("pull", `${registry.address}/team/app:1`);
  expect(first).toContain("Status: Downloaded newer image");
  expect(await docker("pull", `${registry.address}/team/app:1`)).toContain("Image is up to date");
  expect(await docker("run", "--rm", `${registry.address}/team/app:1`, "echo", "pulled")).toBe("pulled");
  expect(
    await docker("images", "--digests", "--format", "{{.Digest}}", `${registry.address}/team/app`),
  ).toStartWith("sha256:");
  expect((await daemon().docker("pull", `${registry.address}/team/app:none`)).stderr).toContain(
    "manifest unknown",
  );
  const wharf = await daemon().wharf("pull", `${registry.address}/team/app:1`);
  expect(wharf.stdout).toContain("Image is up to date");
});

test("pull with basic authentication asks for a login and then works", async () => {
  await using registry = await startRegistry(daemon().machine, { user: "ann", password: "secret" });
  const target = `${registry.address}/private:1`;
  await pushWithSkopeo(target, "ann:secret");
  expect((await daemon().docker("pull", target)).exitCode).toBe(1);
  expect((await daemon().docker("login", "-u", "ann", "-p", "wrong", registry.address)).exitCode).toBe(1);
  expect(await docker("login", "-u", "ann", "-p", "secret", registry.address)).toContain("Login Succeeded");
  expect(await docker("pull", target)).toContain("Status: Downloaded newer image");
});

test("a registry that is down gives a clear error", async () => {
  const result = await daemon().docker("pull", "127.0.0.1:2/x:1");
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("127.0.0.1:2");
  expect(result.stderr.toLowerCase()).toContain("connection refused");
});

test("two pulls of the same image at once end well", async () => {
  await using registry = await startRegistry(daemon().machine);
  await pushWithSkopeo(`${registry.address}/twin:1`);
  const pulls = await Promise.all([1, 2, 3].map(() => daemon().docker("pull", `${registry.address}/twin:1`)));
  expect(pulls.map((p) => p.exitCode)).toEqual([0, 0, 0]);
});

testNothingIsLeft(daemon);
