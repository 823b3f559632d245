/** `wharf manifest` beside docker's own: the same words, the same files, the same digests. */
import { expect, test } from "bun:test";
import type { RunResult } from "#base/spawn.ts";
import { startRegistry } from "../helpers/registry.ts";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();

/** The same command of both, on the same list. @returns wharf's answer, once it is docker's */
async function both(list: string, ...args: string[]): Promise<RunResult> {
  const theirs = await daemon().docker(
    "manifest",
    ...args.map((arg) => arg.replace("LIST", `${list}:docker`)),
  );
  const ours = await daemon().wharf("manifest", ...args.map((arg) => arg.replace("LIST", `${list}:wharf`)));
  const plain = ({ exitCode, stdout, stderr }: RunResult) => ({
    exitCode,
    stdout: stdout.trim().replaceAll(":docker", ":wharf"),
    stderr: stderr.trim().replaceAll(":docker", ":wharf"),
  });
  expect([args, plain(ours)]).toEqual([args, plain(theirs)]);
  return ours;
}

test("wharf manifest does what docker manifest does", async () => {
  await using registry = await startRegistry(daemon().machine);
  const app = (tag: string) => `${registry.address}/m/app:${tag}`;
  const list = `${registry.address}/m/list`;
  for (const tag of ["x", "y"]) {
    await daemon().dockerText("tag", "busybox", app(tag));
    await daemon().dockerText("push", "-q", app(tag));
  }
  const run = (...args: string[]) => both(list, ...args);
  await run("create", "--insecure", "LIST", app("x"), app("y"));
  await run("create", "--insecure", "LIST", app("x"));
  await run("create", "--insecure", "--amend", "LIST", app("x"));
  await run("create", "--insecure", "--amend", "LIST", app("none"));
  await run("annotate", "LIST", app("x"), ...["--os", "linux", "--arch", "arm64", "--variant", "v8"]);
  await run("annotate", "LIST", app("y"), ...["--os-features", "a,b", "--os-version", "7"]);
  await run("annotate", "LIST", app("z"), "--arch", "arm64");
  expect((await run("inspect", "LIST")).stdout).toContain('"architecture": "arm64"');
  await run("inspect", "-v", "LIST");
  await run("inspect", "LIST", app("x"));
  await run("inspect", "LIST", app("z"));
  await run("inspect", "--insecure", app("x"));
  await run("inspect", "--insecure", "-v", app("x"));
  await run("inspect", "--insecure", app("none"));
  const { stdout } = await run("push", "--insecure", "LIST");
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}$/m);
  await run("push", "--insecure", "--purge", "LIST");
  await run("push", "LIST");
  await run("inspect", "--insecure", "LIST");
  await run("inspect", "--insecure", "-v", "LIST");
  await run("create", "--insecure", `${list}:nested`, "LIST");
  await run("rm", "LIST");
  const raw = await daemon().machine.text([
    ...["skopeo", "inspect", "--raw", "--tls-verify=false", `docker://${list}:wharf`],
  ]);
  expect(JSON.parse(raw).manifests).toHaveLength(2);
});

test("a list docker began is one wharf goes on with, and the reverse", async () => {
  await using registry = await startRegistry(daemon().machine);
  const app = `${registry.address}/app:1`;
  const list = `${registry.address}/list:1`;
  await daemon().dockerText("tag", "busybox", app);
  await daemon().dockerText("push", "-q", app);
  await daemon().dockerText("manifest", "create", "--insecure", list, app);
  await daemon().wharfText("manifest", "annotate", "--variant", "v2", list, app);
  expect(await daemon().dockerText("manifest", "inspect", list)).toContain('"variant": "v2"');
  await daemon().wharfText("manifest", "rm", list);
  const wrong = await daemon().wharf("manifest", "create", "--insecure", "elsewhere.test/list", app);
  expect(wrong.stdout).toContain("Created manifest list elsewhere.test/list:latest");
  expect((await daemon().wharf("manifest", "push", "elsewhere.test/list")).stderr).toContain(
    `cannot use source images from a different registry than the target image: ${registry.address} != elsewhere.test`,
  );
});
