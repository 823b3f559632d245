import { expect, test } from "bun:test";
import { join } from "node:path";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

test("-v binds a host directory, read-only on request", async () => {
  const directory = join(daemon().machine.directory, "bind");
  await daemon().machine.text(["mkdir", directory]);
  await docker("run", "--rm", "-v", `${directory}:/data`, "busybox", "sh", "-c", "echo kept >/data/file");
  expect(await docker("run", "--rm", "-v", `${directory}:/data:ro`, "busybox", "cat", "/data/file")).toBe(
    "kept",
  );
  const write = await daemon().docker(
    "run",
    "--rm",
    "-v",
    `${directory}:/data:ro`,
    "busybox",
    "touch",
    "/data/x",
  );
  expect(write.exitCode).not.toBe(0);
});

test("-v makes a missing host directory, --mount refuses it", async () => {
  const missing = join(daemon().machine.directory, "made");
  await docker("run", "--rm", "-v", `${missing}:/d`, "busybox", "touch", "/d/x");
  expect(await daemon().machine.text(["ls", missing])).toBe("x\n");
  const refused = await daemon().docker(
    "run",
    "--rm",
    "--mount",
    `type=bind,src=${missing}2,dst=/d`,
    "busybox",
    "true",
  );
  expect(refused.exitCode).toBe(125);
  expect(refused.stderr).toContain(`bind source path does not exist: ${missing}2`);
});

test("named volumes outlive containers, anonymous ones go with --rm or rm -v", async () => {
  await docker("run", "--rm", "-v", "vol:/v", "busybox", "sh", "-c", "echo 1 >/v/f");
  expect(await docker("run", "--rm", "-v", "vol:/v", "busybox", "cat", "/v/f")).toBe("1");
  await docker("run", "--name", "anon", "-v", "/a", "busybox", "true");
  expect((await docker("volume", "ls", "-q")).split("\n")).toHaveLength(2);
  await docker("rm", "-v", "anon");
  expect(await docker("volume", "ls", "-q")).toBe("vol");
  expect(await docker("volume", "inspect", "-f", "{{.Name}} {{.Driver}}", "vol")).toBe("vol local");
  await docker("volume", "rm", "vol");
  expect((await daemon().docker("volume", "rm", "vol")).stderr).toContain("no such volume");
});

test("a volume in use is not removed", async () => {
  await docker("create", "--name", "user", "-v", "busy:/v", "busybox");
  expect((await daemon().docker("volume", "rm", "busy")).stderr).toContain("volume is in use");
  await docker("rm", "user");
  await docker("volume", "rm", "busy");
});

test("an empty volume takes over what the image has at its place", async () => {
  const text = await docker("run", "--rm", "-v", "copy:/etc", "busybox", "cat", "/etc/passwd");
  expect(text).toContain("root:x:0:0");
  expect(await docker("run", "--rm", "-v", "copy:/c", "busybox", "cat", "/c/group")).toContain("nogroup");
  await docker("volume", "rm", "copy");
});

test("--tmpfs mounts memory", async () => {
  expect(
    await docker("run", "--rm", "--tmpfs", "/t:size=64k", "busybox", "sh", "-c", "df -k /t | tail -1"),
  ).toMatch(/^tmpfs\s+64\s/);
});

testNothingIsLeft(daemon);
