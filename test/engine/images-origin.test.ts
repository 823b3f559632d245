/** Where images come from: what the engine tells of it, and asks registries without pulling. */
import { expect, test } from "bun:test";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { startRegistry } from "../helpers/registry.ts";
import { useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const api = async (path: string) => {
  const { status, json } = await daemon().api("GET", path);
  return { status, json: json as never };
};

test.skipIf(IS_DOCKERD)(
  "an image tells the repository it was pulled from or pushed to, whatever its tags",
  async () => {
    await using registry = await startRegistry(daemon().machine);
    const name = `${registry.address}/team/app`;
    await daemon().dockerText("tag", "busybox", `${name}:1`);
    const before = await api("/v1.54/images/busybox/json");
    expect((before.json as { Identity?: unknown }).Identity).toBeUndefined();
    await daemon().dockerText("push", "-q", `${name}:1`);
    await daemon().dockerText("tag", `${name}:1`, "elsewhere.example/other:1");
    const identity = { Pull: [{ Repository: name }] };
    const after = await api("/v1.54/images/elsewhere.example/other:1/json");
    expect(after.json).toMatchObject({ Identity: identity });
    expect((await api("/v1.52/images/busybox/json")).json).not.toHaveProperty("Identity");
    const listed = (await api("/v1.54/images/json?manifests=1&identity=1")).json as {
      RepoTags: string[];
      Manifests: { ImageData: { Identity?: unknown } }[];
    }[];
    const own = listed.find(({ RepoTags }) => RepoTags.includes(`${name}:1`))!;
    expect(own.Manifests.map(({ ImageData }) => ImageData.Identity)).toEqual([identity]);
    expect((await api("/v1.54/images/json?identity=1")).status).toBe(400);
    expect((await api("/v1.53/images/json?identity=1")).status).toBe(200); // not a question yet
    await daemon().dockerText("rmi", `${name}:1`, "elsewhere.example/other:1");
  },
);

test("a registry is asked for a name, and for no id", async () => {
  await using registry = await startRegistry(daemon().machine);
  const name = `${registry.address}/team/app:1`;
  await daemon().dockerText("tag", "busybox", name);
  await daemon().dockerText("push", "-q", name);
  const { status, json } = await api(`/v1.41/distribution/${name}/json`);
  expect(status).toBe(200);
  const { Descriptor } = json as { Descriptor: { digest: string; size: number; mediaType: string } };
  expect(Object.keys(Descriptor)).toEqual(["mediaType", "digest", "size"]);
  const digests = await daemon().dockerText(
    "images",
    "--digests",
    "--format",
    "{{.Digest}}",
    name.slice(0, -2),
  );
  expect(digests.split("\n")).toContain(Descriptor.digest);
  const none = await api(`/v1.41/distribution/${name}0/json`);
  expect(none.status).toBe(404);
  expect((none.json as { message: string }).message).toContain("manifest unknown: manifest unknown");
  const id = await api(`/v1.41/distribution/sha256:${"1".repeat(64)}/json`);
  expect((id.json as { message: string }).message).toBe("no manifest found for full image ID");
  await daemon().dockerText("rmi", name);
});

test("what the engine writes into a volume never follows a link out of the container (CVE-2025-9566)", async () => {
  const { machine } = daemon();
  const text = (...args: string[]) => daemon().dockerText(...args);
  await machine.text([
    "sh",
    "-c",
    `cd ${machine.directory}; mkdir host; echo canary >host/secret; echo new >new`,
  ]);
  const host = `${machine.directory}/host`;
  const links = `ln -s ${host}/secret /v/secret; ln -s ${host} /v/all; mkdir /v/own; ln -s own /v/inside`;
  await text("run", "--rm", "-v", "kept:/v", "busybox", "sh", "-c", links);
  await text("create", "--name", "victim", "-v", "kept:/v", "busybox", "true");
  await daemon().docker("cp", `${machine.directory}/new`, "victim:/v/secret");
  await daemon().docker("cp", `${machine.directory}/new`, "victim:/v/all/planted");
  await daemon().docker(
    "run",
    "--rm",
    "--mount",
    "type=volume,src=kept,dst=/v,volume-subpath=all",
    "busybox",
    "touch",
    "/v/x",
  );
  expect(await machine.text(["sh", "-c", `ls ${host}; cat ${host}/secret`])).toBe("secret\ncanary\n");
  await text("cp", `${machine.directory}/new`, "victim:/v/inside/file"); // a link within the volume leads where it says
  expect(await text("run", "--rm", "-v", "kept:/v", "busybox", "cat", "/v/own/file")).toBe("new");
  await text("rm", "victim");
  await text("volume", "rm", "kept");
});
