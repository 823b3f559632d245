/** Images on one machine: several platforms under one name, listing, import from a URL. */
import { beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const wharf = (...args: string[]) => daemon().wharfText(...args);
const failing = async (...args: string[]) => (await daemon().docker(...args)).stderr;
const file = (name: string) => join(daemon().machine.directory, name);

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** An OCI layout of one index for two platforms, archived. @returns the index's digest */
async function makeTwoPlatforms(): Promise<string> {
  const { machine } = daemon();
  const layout = machine.outside(file("layout"));
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  const put = (mediaType: string, bytes: Uint8Array | string) => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(layout, "blobs/sha256", hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) };
  };
  const manifests = [];
  for (const architecture of ["amd64", "arm64"]) {
    await machine.text(["sh", "-c", `cd ${file("")}; echo ${architecture} >arch; tar -cf arch.tar arch`]);
    const tar = new Uint8Array(await Bun.file(machine.outside(file("arch.tar"))).arrayBuffer());
    const layer = put("application/vnd.oci.image.layer.v1.tar", tar);
    const config = JSON.stringify({
      architecture,
      os: "linux",
      created: "2026-01-01T00:00:00Z",
      config: { Cmd: ["/x"] },
      rootfs: { type: "layers", diff_ids: [layer.digest] },
      history: [{ created_by: `for ${architecture}` }],
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: put("application/vnd.oci.image.config.v1+json", config),
      layers: [layer],
    };
    manifests.push({ ...put(MANIFEST, JSON.stringify(manifest)), platform: { os: "linux", architecture } });
  }
  const index = put(INDEX, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  const named = { ...index, annotations: { "io.containerd.image.name": "docker.io/library/two:1" } };
  writeFileSync(
    join(layout, "index.json"),
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [named] }),
  );
  writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await machine.text(["tar", "-C", file("layout"), "-cf", file("two.tar"), "."]);
  return index.digest;
}

if (!IS_DOCKERD) {
  let index: string;
  beforeAll(async () => {
    index = await makeTwoPlatforms();
  });

  test("an index is loaded with all its platforms, told of, and saved under the same digest", async () => {
    expect(await docker("load", "-i", file("two.tar"))).toBe("Loaded image: two:1");
    const [item] = (
      await daemon().api(
        "GET",
        "/v1.47/images/json?manifests=1&filters=%7B%22reference%22%3A%5B%22two%22%5D%7D",
      )
    ).json as {
      Size: number;
      Manifests: {
        Available: boolean;
        Size: { Total: number };
        ImageData: { Platform: { architecture: string } };
      }[];
    }[];
    expect(item!.Size).toBe(item!.Manifests.reduce((sum, { Size }) => sum + Size.Total, 0));
    const shown = item!.Manifests.map(({ Available, ImageData }) => [
      ImageData.Platform.architecture,
      Available,
    ]);
    expect(shown).toEqual([
      ["amd64", true],
      ["arm64", true],
    ]);
    expect(await docker("images", "-q", "two")).toMatch(/^[0-9a-f]{12}$/);
    expect(await wharf("images", "--tree", "two")).toMatch(/two:1 .*\n├─ linux\/amd64 .*\n└─ linux\/arm64 /);
    await docker("save", "-o", file("saved.tar"), "two:1");
    const saved = JSON.parse(await daemon().machine.text(["tar", "-xOf", file("saved.tar"), "index.json"]));
    expect(saved.manifests[0].digest).toBe(index);
  });

  test("a platform is inspected, told the history of, saved and removed alone", async () => {
    for (const [platform, architecture] of [
      ["linux/amd64", "amd64"],
      ["linux/arm64", "arm64"],
    ] as const) {
      const inspected = await docker(
        "image",
        "inspect",
        "--platform",
        platform,
        "-f",
        "{{.Architecture}}",
        "two:1",
      );
      expect(inspected).toBe(architecture);
      expect(await docker("history", "--platform", platform, "--format", "{{.CreatedBy}}", "two:1")).toBe(
        `for ${architecture}`,
      );
    }
    expect(await failing("image", "inspect", "--platform", "linux/s390x", "two:1")).toContain(
      "was found but does not provide the specified platform (linux/s390x)",
    );
    await docker("save", "--platform", "linux/arm64", "-o", file("arm.tar"), "two:1");
    const isHere = async () => (await wharf("images", "--tree", "two")).match(/not here/g)?.length ?? 0;
    await wharf("rmi", "--platform", "linux/arm64", "two:1");
    expect(await isHere()).toBe(1);
    expect(await failing("image", "inspect", "--platform", "linux/arm64", "two:1")).toContain(
      "does not provide",
    );
    await docker("rmi", "two:1");
    expect(await docker("images", "-qa")).toBe(await docker("images", "-qa", "busybox"));
    await docker("load", "-i", file("arm.tar"));
    expect(await docker("image", "inspect", "-f", "{{.Architecture}}", "two:1")).toBe("arm64");
    await docker("rmi", "two:1");
    await docker("load", "--platform", "linux/arm64", "-i", file("two.tar"));
    expect(await docker("image", "inspect", "-f", "{{.Architecture}}", "two:1")).toBe("arm64");
    expect(await isHere()).toBe(1);
    expect(await failing("load", "--platform", "linux/s390x", "-i", file("two.tar"))).toContain(
      "linux/s390x",
    );
    await docker("rmi", "two:1");
  });
}

test("images are found by every filter", async () => {
  const names = (...filters: string[]) =>
    docker("images", ...filters.flatMap((one) => ["-f", one]), "--format", "{{.Repository}}:{{.Tag}}");
  await docker("create", "--name", "base", "busybox");
  await docker("commit", "-c", "LABEL a=b", "base", "labelled:1");
  await docker("commit", "base", "other/app:2");
  await docker("commit", "base");
  expect(await names("label=a=b")).toBe("labelled:1");
  expect(await names("dangling=true")).toBe("<none>:<none>");
  expect(await names("reference=other/*")).toBe("other/app:2");
  expect(await names("reference=*:latest")).toBe("busybox:latest");
  expect(await names("before=labelled:1")).toBe("busybox:latest");
  expect((await names("since=labelled:1")).split("\n").sort()).toEqual(["<none>:<none>", "other/app:2"]);
  expect(await names("until=1h")).toBe("");
  expect(await failing("images", "-f", "color=red")).toContain("invalid filter 'color'");
  expect(await docker("image", "prune", "-f", "--filter", "until=1h")).toBe("Total reclaimed space: 0B");
  expect(await docker("image", "prune", "-f")).toContain("Deleted Images:");
  expect(await names("dangling=true")).toBe("");
  await docker("rm", "base");
  await docker("rmi", "labelled:1", "other/app:2");
});

test("an archive is imported from a URL", async () => {
  const { machine } = daemon();
  await machine.text([
    "sh",
    "-c",
    `mkdir -p ${file("www")}; echo u >${file("www/u")}; tar -C ${file("www")} -cf ${file("www/u.tar")} u`,
  ]);
  const serve = `cd ${file("www")}; setsid python3 -m http.server --bind 127.0.0.1 8099 >/dev/null 2>&1 </dev/null &`;
  await machine.text(["sh", "-c", serve]);
  const isUp = () =>
    machine.run(["python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8099)).close()"]);
  await until("a server", isUp, ({ exitCode }) => exitCode === 0);
  const told = await docker("import", "-c", 'CMD ["x"]', "http://127.0.0.1:8099/u.tar", "from-url:1");
  expect(told).toMatch(/sha256:[0-9a-f]{64}$/);
  expect(await docker("image", "inspect", "-f", "{{.Comment}}", "from-url:1")).toBe(
    "Imported from http://127.0.0.1:8099/u.tar",
  );
  expect(await failing("import", "http://127.0.0.1:8099/nix.tar")).toContain("404");
  await docker("rmi", "from-url:1");
});

testNothingIsLeft(daemon);
