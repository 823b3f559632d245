/** Manifest lists under construction, as docker's own client keeps them below its configuration. */
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";

/** One image of a list: a file of the store, and what `manifest inspect -v` shows. Field names are docker's. */
export interface ImageManifest {
  readonly Ref: string;
  /** With the platform, which may have been annotated. */
  readonly Descriptor: Descriptor;
  /** The manifest byte for byte, base64. */
  readonly Raw: string;
  readonly SchemaV2Manifest?: Manifest;
  readonly OCIManifest?: Manifest;
}

export function manifestOf({ SchemaV2Manifest, OCIManifest }: ImageManifest): Manifest | undefined {
  return SchemaV2Manifest ?? OCIManifest;
}
