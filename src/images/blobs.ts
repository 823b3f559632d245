import { createReadStream } from "node:fs";
import { type Digest, isDigest } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { ContentStore } from "#storage/types.ts";
import type { ImageRecords } from "./records.ts";
import { getImage } from "./resolve.ts";

/** An image's parts one by one, for who moves it elsewhere and has most of them already. */
export interface ImageBlobs {
  /** What a name points at, or the manifest of an id. @throws NotFound */
  target(nameOrId: string): Descriptor;
  /** Those of these that are not here. @throws InvalidArgument for what is no digest */
  missing(digests: readonly string[]): Digest[];
  /** @throws NotFound; InvalidArgument for an offset behind the end */
  read(digest: string, offset: number): ByteSource;
}

export function createImageBlobs(
  records: ImageRecords,
  content: Pick<ContentStore, "info" | "path">,
): ImageBlobs {
  return {
    target(nameOrId) {
      const image = getImage(records, nameOrId);
      return records.named(nameOrId)?.target ?? image.manifest;
    },
    missing: (digests) => digests.filter((digest) => content.info(checked(digest)) === undefined),
    read(digest, offset) {
      const info = content.info(checked(digest));
      if (!info) throw new NotFound(`content ${digest} not found`);
      if (offset < 0 || offset > info.sizeBytes)
        throw new InvalidArgument(`content ${digest} has ${info.sizeBytes} bytes, none at ${offset}`);
      return createReadStream(content.path(digest), { start: offset, highWaterMark: READ_BYTES });
    },
  };
}

const READ_BYTES = 1 << 20;

function checked(text: string): Digest {
  if (!isDigest(text)) throw new InvalidArgument(`${JSON.stringify(text)} is no digest`);
  return text;
}
