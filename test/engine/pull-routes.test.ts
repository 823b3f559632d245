/** Ways to a registry: mirrors of any, hosts.toml, a proxy; and what kinds of images come. */
import { beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import { type BuiltImage, buildImage, jsonBytes, tarOf, writeLayout } from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { type FaultProxy, startFaultProxy } from "../helpers/fault-proxy.ts";
import { type Registry, startRegistry } from "../helpers/registry.ts";
import { useDaemon } from "../helpers/suite.ts";

const CONFIG = {
  registries: {
    "far.test": { mirrors: ["http://127.0.0.1:6109", "http://127.0.0.1:6100"], fallback: false },
  },
};

/** Names that nobody answers to: what comes, comes from a mirror or through a proxy. */
const daemon = useDaemon({
  images: [],
  flags: [
    ...["--config-file", "/run/daemon.json", "--registry-mirror", "http://127.0.0.1:6100"],
    ...["--http-proxy", "http://127.0.0.1:6101", "--insecure-registry", "proxied.test:80"],
  ],
  prepare: `cp -a /etc /run/etc
    mount --bind /run/etc /etc
    mkdir -p /etc/docker/certs.d/toml.test
    echo '${JSON.stringify(CONFIG)}' >/run/daemon.json`,
});
const docker = (...args: string[]) => daemon().dockerText(...args);
const image = await buildImage([["a"], ["b"]]);
let registry: Registry;
let mirror: FaultProxy;

beforeAll(async () => {
  registry = await startRegistry(daemon().machine);
  mirror = await startFaultProxy(daemon().machine, 6100, registry.address);
  await push(image, "library/hub:1");
  await push(image, "team/app:1");
});

async function push(built: BuiltImage, name: string): Promise<void> {
  const directory = name.replace(/[:/]/g, "-");
  const inside = join(daemon().machine.directory, directory);
  mkdirSync(daemon().machine.outside(inside), { recursive: true });
  await writeLayout(daemon().machine.outside(inside), built, "it");
  const flags = ["--insecure-policy", "copy", "-q", "--dest-tls-verify=false", "--preserve-digests", "--all"];
  await daemon().machine.text([
    "skopeo",
    ...flags,
    `oci:${inside}:it`,
    `docker://${registry.address}/${name}`,
  ]);
}

test("Docker Hub's images come from its mirror, and keep their name", async () => {
  await mirror.set();
  expect(await docker("pull", "hub:1")).toContain("Status: Downloaded newer image for hub:1");
  expect((await mirror.requests())[0]!.line).toBe("HEAD /v2/library/hub/manifests/1");
  expect(await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe("hub:1");
  expect(await docker("info", "-f", "{{.RegistryConfig.Mirrors}}")).toBe("[http://127.0.0.1:6100/]");
  await docker("rmi", "hub:1");
});

test("any registry's images come from its mirrors, in order", async () => {
  await mirror.set();
  expect(await docker("pull", "far.test/team/app:1")).toContain(
    "Downloaded newer image for far.test/team/app:1",
  );
  expect((await mirror.requests())[0]!.line).toBe("HEAD /v2/team/app/manifests/1?ns=far.test");
  await docker("rmi", "far.test/team/app:1");
});

test("a registry with a hosts.toml is asked where that says", async () => {
  const path = daemon().machine.outside("/etc/docker/certs.d/toml.test/hosts.toml");
  writeFileSync(path, `server = "http://${registry.address}"\n`);
  expect(await docker("pull", "toml.test/team/app:1")).toContain("Downloaded newer image");
  await docker("rmi", "toml.test/team/app:1");
});

test("requests go through the proxy that was set, but not to this machine", async () => {
  await using proxy = await startFaultProxy(daemon().machine, 6101, registry.address);
  await proxy.set();
  expect(await docker("pull", "proxied.test:80/team/app:1")).toContain("Downloaded newer image");
  expect((await proxy.requests())[0]!.line).toContain("proxied.test/v2/team/app/manifests/1");
  await proxy.set();
  expect(await docker("pull", `${registry.address}/team/app:1`)).toContain("Status: ");
  expect(await proxy.requests()).toEqual([]);
  expect(await docker("info", "-f", "{{.HTTPProxy}}")).toBe("http://127.0.0.1:6101");
  await docker("rmi", "proxied.test:80/team/app:1", `${registry.address}/team/app:1`);
});

test("zstd, gzip and plain layers, OCI and Docker types, an index in an index: all are pulled", async () => {
  const files = ["zstd", "plain", "gzip"];
  const tars = await Promise.all(files.map((name) => tarOf([name])));
  const base = await buildImage(files.map((name) => [name]));
  const blobs = new Map(base.blobs);
  const add = (bytes: Uint8Array, mediaType: string) => {
    const digest = sha256(bytes);
    blobs.set(digest, { bytes, mediaType });
    return { mediaType, digest, size: bytes.byteLength };
  };
  const layers = [
    add(zstdCompressSync(tars[0]!), MEDIA_TYPE.ociLayerZstd),
    add(tars[1]!, MEDIA_TYPE.ociLayer),
    { ...base.layers[2]!, mediaType: MEDIA_TYPE.ociLayerGzip },
  ];
  const oci = add(
    jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: base.config, layers }),
    MEDIA_TYPE.ociManifest,
  );
  const platform = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
  const indexOf = (manifest: { mediaType: string; digest: string; size: number }) => {
    const manifests = [{ ...manifest, platform }];
    return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests });
  };
  const inner = indexOf(oci);
  const innerDigest = sha256(inner);
  const outer = indexOf({ mediaType: MEDIA_TYPE.ociIndex, digest: innerDigest, size: inner.length });
  await push({ ...base, manifest: oci, blobs }, "mixed/oci:1");
  // no client pushes an index within an index
  const headers = { "Content-Type": MEDIA_TYPE.ociIndex };
  await mirror.set(
    { match: "/manifests/nested", status: 200, headers, body: outer },
    { match: `/manifests/${innerDigest}`, status: 200, headers, body: inner },
  );
  const name = `${mirror.address}/mixed/oci:nested`;
  expect(await docker("pull", name)).toContain(`Digest: ${sha256(outer)}`);
  expect(await docker("image", "inspect", "-f", "{{len .RootFS.Layers}}", name)).toBe("3");
  await docker("rmi", name);
  expect(await docker("pull", "--platform", platform.architecture, name)).toContain("Downloaded newer image");
  expect((await daemon().docker("pull", "--platform", "linux/s390x", name)).stderr).toContain(
    "no matching manifest for linux/s390x",
  );
  await docker("rmi", name);
});

test("all tags come with one command", async () => {
  for (const tag of ["1", "2", "3"]) await push(image, `many/app:${tag}`);
  const name = `${registry.address}/many/app`;
  expect(await docker("pull", "-a", name)).toContain(`Status: Downloaded newer image for ${name}`);
  expect((await docker("images", "--format", "{{.Tag}}", name)).split("\n").sort()).toEqual(["1", "2", "3"]);
});
