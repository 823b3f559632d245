/** Media types of OCI and of Docker's image manifest version 2, schema 2, and what each stands for. */
export const MEDIA_TYPE = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerLayerZstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
} as const;

export type MediaKind = "index" | "manifest" | "config" | "layer" | "foreignLayer" | "schema1";

const KIND: Readonly<Record<string, MediaKind>> = {
  [MEDIA_TYPE.ociIndex]: "index",
  [MEDIA_TYPE.dockerIndex]: "index",
  [MEDIA_TYPE.ociManifest]: "manifest",
  [MEDIA_TYPE.dockerManifest]: "manifest",
  [MEDIA_TYPE.ociConfig]: "config",
  [MEDIA_TYPE.dockerConfig]: "config",
  [MEDIA_TYPE.ociLayer]: "layer",
  [MEDIA_TYPE.ociLayerGzip]: "layer",
  [MEDIA_TYPE.ociLayerZstd]: "layer",
  [MEDIA_TYPE.dockerLayer]: "layer",
  [MEDIA_TYPE.dockerLayerGzip]: "layer",
  [MEDIA_TYPE.dockerLayerZstd]: "layer",
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "foreignLayer",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "foreignLayer",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "foreignLayer",
  "application/vnd.docker.image.rootfs.foreign.diff.tar": "foreignLayer",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "foreignLayer",
  "application/vnd.docker.distribution.manifest.v1+json": "schema1",
  "application/vnd.docker.distribution.manifest.v1+prettyjws": "schema1",
};

/** What a media type stands for; undefined for one that is no part of an image. Parameters (";charset=…") do not count. */
export function mediaKind(mediaType: string): MediaKind | undefined {
  const bare = mediaType.split(";", 1)[0]!.trim().toLowerCase();
  return Object.hasOwn(KIND, bare) ? KIND[bare] : undefined;
}

/** For the Accept header of a manifest request, the ones we like best first. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [
  MEDIA_TYPE.ociIndex,
  MEDIA_TYPE.dockerIndex,
  MEDIA_TYPE.ociManifest,
  MEDIA_TYPE.dockerManifest,
];
