/** Reference attacks 22 and 26 to 28, as far as images carry them; each beside the honest use. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type BuiltImage, buildImage, writeLayout } from "#registry/_testing/registry.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

/** Loads an OCI layout under a name, whatever that name is. */
async function load(image: BuiltImage, name: string) {
  const { machine } = daemon();
  const layout = join(machine.directory, "layout");
  await writeLayout(machine.outside(layout), image, name);
  await machine.text(["sh", "-c", 'tar -C "$0" -cf "$0.tar" .', layout]);
  const loaded = await daemon().docker("load", "-i", `${layout}.tar`);
  await machine.text(["rm", "-r", layout, `${layout}.tar`]);
  return loaded;
}

function withLabels(labels: Record<string, string>): Promise<BuiltImage> {
  const config: Partial<ImageConfig> = { config: { Cmd: ["x"], Labels: labels } };
  return buildImage([["a"]], { config });
}

test("22: a configuration of enormous size is refused, one of the usual sizes is loaded", async () => {
  const huge = await load(await withLabels({ much: "x".repeat(9 << 20) }), "huge:1");
  expect(huge.stdout + huge.stderr).toContain("its configuration has");
  expect(await docker("images", "-q", "huge")).toBe("");
  const usual = await load(await withLabels({ much: "x".repeat(100_000) }), "usual:1");
  expect(usual.stdout).toContain("Loaded image: usual:1");
  await docker("rmi", "usual:1");
});

test("26: labels of an image stay labels: no privilege, device or mount, and no pin", async () => {
  const labels = {
    "wharf.pin": "true",
    "io.containerd.image.unpack": "../../x",
    privileged: "true",
    "org.cdi.device": "vendor.com/gpu=all",
    "run.oci.hooks.stderr": "/dev/null",
  };
  await load(await withLabels(labels), "labelled:1");
  await docker("create", "--name", "labelled", "labelled:1", "sh");
  await docker("create", "--name", "plain", "busybox", "sh");
  const facts = (name: string) => docker("inspect", "-f", "{{json .HostConfig}} {{json .Mounts}}", name);
  expect(await facts("labelled")).toBe(await facts("plain"));
  expect(await docker("inspect", "-f", '{{index .Config.Labels "wharf.pin"}}', "labelled")).toBe("true");
  await docker("rm", "labelled", "plain");
  const plan = await daemon().wharfText("image", "prune", "-a", "--dry-run");
  expect(plan).toContain("untag: labelled:1");
  await docker("rmi", "labelled:1");
});

test("27: checkpoints, which have been a way in, are not offered", async () => {
  await docker("create", "--name", "frozen", "busybox", "sh");
  expect((await daemon().api("GET", "/v1.43/containers/frozen/checkpoints")).status).toBe(501);
  expect((await daemon().api("POST", "/v1.43/containers/frozen/start?checkpoint=x")).status).toBe(501);
  await docker("rm", "frozen");
});

test("28: a path in an annotation names no file", async () => {
  const { machine } = daemon();
  const files = () => machine.text(["find", machine.directory, "/run", "-name", "*evil*"]);
  const loaded = await load(await withLabels({}), "../../../evil");
  expect(loaded.stdout + loaded.stderr).toMatch(/invalid reference format|Loaded image ID/);
  expect(await files()).toBe("");
  const honest = await load(await withLabels({}), "sub/path:1");
  expect(honest.stdout).toContain("Loaded image: sub/path:1");
  await docker("rmi", "sub/path:1");
});
