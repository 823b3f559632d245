/** Archives and root file systems under a trust policy: no way around what pulls must obey. */
import { expect, test } from "bun:test";
import { PermissionDenied } from "#base/errors.ts";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import { type BuiltImage, buildImage, jsonBytes, tarOf } from "#registry/_testing/registry.ts";
import { createTestImages, textOf } from "../_testing/store.ts";
import { addBundleSignature, cosignArtifact, signingKey } from "./_signing.ts";
import { parseTrustPolicy } from "./policy.ts";

const KEY = signingKey();
const OTHER = signingKey();
const NAME = "registry.example/team/app";
const SIGNED = { type: "sigstoreSigned", keyPath: "/key.pub", signedIdentity: { type: "matchRepository" } };
const REJECT = { type: "reject" };
const ACCEPT = { type: "insecureAcceptAnything" };
const image = await buildImage([["a"]]);

const file = (name: string, body: Uint8Array): TarMemberSource => ({
  header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength },
  body,
});

/** An OCI layout with an image and what is said about it. */
function ociArchive(named: string | undefined, artifacts: readonly [tag: string, built: BuiltImage][] = []) {
  const annotations = named ? { "io.containerd.image.name": named } : {};
  const manifests = [
    { ...image.manifest, annotations },
    ...artifacts.map(([tag, { manifest }]) => ({
      ...manifest,
      annotations: { "org.opencontainers.image.ref.name": tag },
    })),
  ];
  const blobs = new Map([...image.blobs, ...artifacts.flatMap(([, built]) => [...built.blobs])]);
  return writeTar([
    ...[...blobs].map(([digest, { bytes }]) => file(`blobs/${digest.replace(":", "/")}`, bytes)),
    file("index.json", jsonBytes({ schemaVersion: 2, manifests })),
  ]);
}

async function dockerArchive(): Promise<AsyncIterable<Uint8Array>> {
  return writeTar([
    file("0/layer.tar", await tarOf(["a"])),
    file("config.json", image.blobs.get(image.config.digest)!.bytes),
    file(
      "manifest.json",
      jsonBytes([{ Config: "config.json", RepoTags: [`${NAME}:1`], Layers: ["0/layer.tar"] }]),
    ),
  ]);
}

function engineUnder(policy: unknown) {
  const trustPolicy = parseTrustPolicy(policy, (path) => (path === "/key.pub" ? KEY.pem : undefined));
  return createTestImages({ options: { trustPolicy } });
}

const signature = (key = KEY, digest = image.manifest.digest): [string, BuiltImage] => [
  `${image.manifest.digest.replace(":", "-")}.sig`,
  cosignArtifact({ digest, name: NAME, key: key.privateKey }),
];

/** What `work` is refused with; nothing is left of it then. */
async function refusal(here: ReturnType<typeof createTestImages>, work: AsyncIterable<object>) {
  const error = await Array.fromAsync(work).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PermissionDenied);
  expect(here.images.count()).toBe(0);
  expect(here.content.list()).toEqual([]);
  expect(here.snapshotter.layers()).toEqual([]);
  return (error as Error).message;
}

test("load and import are refused where the default is, and go on where their transport is open", async () => {
  await using here = engineUnder({ default: [REJECT] });
  expect(await refusal(here, here.images.load(await dockerArchive(), {}))).toContain(
    `load of ${NAME}:1 (sha256:`,
  );
  expect(await refusal(here, here.images.load(ociArchive(undefined), {}))).toContain(
    "refused by the trust policy: requirement 1 of 1 (reject) for the default: images from there are not allowed",
  );
  const tar = async function* () {
    yield await tarOf(["a"]);
  };
  expect(await refusal(here, here.images.importArchive(tar(), { repo: "x" }))).toContain(
    "import of x:latest",
  );
  await using open = engineUnder({
    default: [REJECT],
    transports: {
      "docker-archive": { "": [ACCEPT] },
      "oci-archive": { "": [ACCEPT] },
      tarball: { "": [ACCEPT] },
    },
  });
  await textOf(open.images.load(await dockerArchive(), {}));
  await textOf(open.images.load(ociArchive("other:1"), {}));
  await textOf(open.images.importArchive(tar(), { repo: "x" }));
  expect(open.images.find("x:latest")).toBeDefined();
});

test("a name that pulls need a signature for is not to be had by an archive without one", async () => {
  const policy = { default: [ACCEPT], transports: { docker: { "registry.example": [SIGNED] } } };
  await using here = engineUnder(policy);
  expect(await refusal(here, here.images.load(await dockerArchive(), {}))).toContain(
    "it has no cosign signature",
  );
  expect(await refusal(here, here.images.load(ociArchive(`${NAME}:1`), {}))).toContain(
    "it has no cosign signature",
  );
  const tar = async function* () {
    yield await tarOf(["a"]);
  };
  expect(await refusal(here, here.images.importArchive(tar(), { repo: NAME }))).toContain("cannot be signed");
  await textOf(here.images.load(ociArchive("free:1"), {}));
  expect(here.images.count()).toBe(1);
});

test("a signature in the archive counts as one in a registry does", async () => {
  const policy = { default: [SIGNED] };
  await using here = engineUnder(policy);
  const load = (...artifacts: [string, BuiltImage][]) =>
    here.images.load(ociArchive(`${NAME}:1`, artifacts), {});
  expect(await refusal(here, load(signature(OTHER)))).toContain("no signature was made with /key.pub");
  const another = signature(KEY, `sha256:${"0".repeat(64)}`);
  expect(await refusal(here, load(another))).toContain("another image");
  expect(await refusal(here, here.images.load(ociArchive(undefined, [signature()]), {}))).toContain(
    "the archive gives it none",
  );
  expect(await textOf(load(signature()))).toEqual([`Loaded image: ${NAME}:1`]);
  expect(here.images.count()).toBe(1); // and the signature is no image
});

test("what cosign save writes has no names, and is let in where the digest is enough", async () => {
  const marked = (kind: string, built: BuiltImage) => ({
    ...built.manifest,
    annotations: { kind: `dev.cosignproject.cosign/${kind}` },
  });
  const archive = (key = KEY) => {
    const [, built] = signature(key);
    return writeTar([
      ...[...image.blobs, ...built.blobs].map(([digest, { bytes }]) =>
        file(`blobs/${digest.replace(":", "/")}`, bytes),
      ),
      file(
        "index.json",
        jsonBytes({ schemaVersion: 2, manifests: [marked("image", image), marked("sigs", built)] }),
      ),
    ]);
  };
  await using strict = engineUnder({ default: [SIGNED] });
  expect(await refusal(strict, strict.images.load(archive(), {}))).toContain("the archive gives it none");
  await using here = engineUnder({ default: [{ ...SIGNED, signedIdentity: { type: "digestOnly" } }] });
  expect(await refusal(here, here.images.load(archive(OTHER), {}))).toContain("no signature was made with");
  await textOf(here.images.load(archive(), {}));
  expect(here.images.count()).toBe(1);
});

test("a bundle is found though the index of the archive does not list it", async () => {
  const archive = (key = KEY, digest = image.manifest.digest) => {
    const place = { blobs: new Map(image.blobs), tags: new Map<string, string>() };
    addBundleSignature(place, { digest, key: key.privateKey });
    return writeTar([
      ...[...place.blobs].map(([name, { bytes }]) => file(`blobs/${name.replace(":", "/")}`, bytes)),
      file("index.json", jsonBytes({ schemaVersion: 2, manifests: [image.manifest] })),
    ]);
  };
  await using here = engineUnder({ default: [{ ...SIGNED, signedIdentity: { type: "digestOnly" } }] });
  expect(await refusal(here, here.images.load(archive(OTHER), {}))).toContain("no signature was made with");
  const another = archive(KEY, `sha256:${"0".repeat(64)}`);
  expect(await refusal(here, here.images.load(another, {}))).toContain("it has no cosign signature");
  await textOf(here.images.load(archive(), {}));
  expect(here.images.count()).toBe(1);
});

test("a policy for archives is refused when it could not be enforced", () => {
  expect(() => engineUnder({ default: [REJECT], transports: { tarball: { "/x": [REJECT] } } })).toThrow(
    'the scope "/x" is not supported',
  );
});
