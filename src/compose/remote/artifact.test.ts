import { expect, test } from "bun:test";
import type { Manifest } from "#spec/oci/manifest.ts";
import { ARTIFACT, filesOfArtifact, packArtifact } from "./artifact.ts";

const text = (bytes: string) => new TextEncoder().encode(bytes);
const FILES = [
  { kind: "compose", name: "compose.yaml", bytes: text("services: {}") },
  { kind: "compose", name: "over.yaml", bytes: text("x-a: b") },
  { kind: "extended", name: "abc.yaml", bytes: text("x-b: c") },
  { kind: "env", name: "def.env", bytes: text("A=1") },
] as const;

for (const ociVersion of ["1.0", "1.1"] as const)
  test(`packArtifact() makes what filesOfArtifact() reads, by version ${ociVersion}`, () => {
    const { manifest, blobs } = packArtifact(FILES, { ociVersion, version: "1" });
    const read = JSON.parse(new TextDecoder().decode(manifest.bytes)) as Manifest;
    expect(read.artifactType).toBe(ociVersion === "1.1" ? ARTIFACT.type : (undefined as never));
    expect(filesOfArtifact(read, "x").map(({ name }) => name)).toEqual([
      "compose.yaml",
      "compose.yaml",
      "abc.yaml",
      "def.env",
    ]);
    expect(blobs.map(({ descriptor }) => descriptor.digest)).toEqual(
      [read.config, ...read.layers].map(({ digest }) => digest),
    );
  });

/** A manifest whose last layer has these annotations. */
function manifestWith(mediaType: string, annotations: Record<string, string>): Manifest {
  const { manifest } = packArtifact(FILES.slice(0, 1), { ociVersion: "1.1", version: "1" });
  const read = JSON.parse(new TextDecoder().decode(manifest.bytes)) as Manifest;
  return { ...read, layers: [...read.layers, { ...read.layers[0]!, mediaType, annotations }] };
}

const OUTSIDE = ["../evil", "/etc/cron.d/evil", "a/b", "..", ".", "", "a\\..\\b", "a\0b", "compose.yaml"];

for (const name of OUTSIDE)
  test(`filesOfArtifact() refuses a file named ${JSON.stringify(name)}`, () => {
    const env = manifestWith(ARTIFACT.envFile, { "com.docker.compose.envfile": name });
    expect(() => filesOfArtifact(env, "x")).toThrow("is no plain name");
    const extended = manifestWith(ARTIFACT.file, {
      "com.docker.compose.extends": "true",
      "com.docker.compose.file": name,
    });
    expect(() => filesOfArtifact(extended, "x")).toThrow("is no plain name");
  });

test("filesOfArtifact() never uses the name of a main file", () => {
  const hostile = manifestWith(ARTIFACT.file, { "com.docker.compose.file": "../../evil" });
  expect(filesOfArtifact(hostile, "x").map(({ name }) => name)).toEqual(["compose.yaml", "compose.yaml"]);
});

test("filesOfArtifact() refuses images, files that are too large and names that are there twice", () => {
  const env = { "com.docker.compose.envfile": "a.env" };
  const good = manifestWith(ARTIFACT.envFile, env);
  expect(() => filesOfArtifact({ ...good, artifactType: "application/x" }, "x")).toThrow(
    "is not a Compose project",
  );
  const image = { ...good, artifactType: undefined, config: { ...good.config, mediaType: "application/x" } };
  expect(() => filesOfArtifact(image as unknown as Manifest, "x")).toThrow("is not a Compose project");
  const large = { ...good, layers: good.layers.map((layer) => ({ ...layer, size: 1 << 30 })) };
  expect(() => filesOfArtifact(large, "x")).toThrow("larger than");
  expect(() => filesOfArtifact({ ...good, layers: [...good.layers, good.layers[1]!] }, "x")).toThrow(
    "one name",
  );
  expect(() => filesOfArtifact({ ...good, layers: good.layers.slice(1) }, "x")).toThrow("no Compose file");
});
