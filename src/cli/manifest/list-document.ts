import { InvalidArgument } from "#base/errors.ts";
import type { Descriptor, Index } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { platformFields } from "./fetch.ts";
import type { ImageManifest } from "./types.ts";

/** Architectures by operating system that images are made for. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  aix: ["ppc64"],
  android: ["386", "amd64", "arm", "arm64"],
  darwin: ["386", "amd64", "arm", "arm64"],
  dragonfly: ["amd64"],
  freebsd: ["386", "amd64", "arm", "arm64"],
  illumos: ["amd64"],
  linux: [
    ...["386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle"],
    ...["ppc64", "ppc64le", "riscv64", "s390x"],
  ],
  netbsd: ["386", "amd64", "arm", "arm64"],
  openbsd: ["386", "amd64", "arm", "arm64"],
  plan9: ["386", "amd64", "arm"],
  solaris: ["amd64"],
  wasip1: ["wasm"],
  windows: ["386", "amd64", "arm", "arm64"],
};

/** @throws InvalidArgument with docker's words */
export function checkPlatform(os: string, architecture: string): void {
  if (KNOWN[os]?.includes(architecture)) return;
  throw new InvalidArgument(
    `manifest entry for image has unsupported os/arch combination: ${os}/${architecture}`,
  );
}

/** The list these images make: OCI's when all of them are, else Docker's. Fields in the order docker writes them. */
export function listDocument(images: readonly ImageManifest[]): Index {
  const isOci = images.every(({ Descriptor }) => Descriptor.mediaType === MEDIA_TYPE.ociManifest);
  return {
    schemaVersion: 2,
    mediaType: isOci ? MEDIA_TYPE.ociIndex : MEDIA_TYPE.dockerIndex,
    manifests: images.map(({ Descriptor: { mediaType, size, digest, platform } }) => ({
      mediaType,
      size,
      digest,
      ...(platform ? { platform: platformFields(platform, platform) } : {}),
    })) as Descriptor[],
  };
}

/** As docker prints and pushes lists; the digest is of this. */
export function encodeList(images: readonly ImageManifest[]): string {
  return JSON.stringify(listDocument(images), undefined, 3);
}
