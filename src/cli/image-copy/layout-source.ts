import { createReadStream, existsSync, readFileSync } from "node:fs";
import { sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { isSameName, onlyOne } from "./copy.ts";
import { layoutPath, REF_NAME } from "./layout-writer.ts";
import type { CopySource, Document } from "./types.ts";

const CONTAINERD_NAME = "io.containerd.image.name";

/** Files of a layout, wherever they lie. */
export interface LayoutFiles {
  /** For messages: its path. */
  readonly name: string;
  /** A small file. @returns undefined when there is none of this name */
  text(name: string): string | undefined;
  bytes(digest: string): Uint8Array;
  read(digest: string, offset: number, end: number): ByteSource;
}

/** An image of an OCI layout. */
export class LayoutSource implements CopySource {
  readonly #files: LayoutFiles;
  readonly #name: string | undefined;

  /** @param name absent: the only one there is */
  constructor(files: LayoutFiles, name: string | undefined) {
    this.#files = files;
    this.#name = name;
  }

  async root(): Promise<Document> {
    const { text, name: what } = this.#files;
    const index = text("index.json");
    if (index === undefined) throw new NotFound(`${what} is no OCI layout: there is no index.json in it`);
    const { annotations: _names, ...descriptor } = chooseInIndex(index, what, this.#name);
    return await this.document(descriptor);
  }

  async document(descriptor: Descriptor): Promise<Document> {
    const bytes = this.#files.bytes(descriptor.digest);
    if (descriptor.digest.startsWith("sha256:") && sha256(bytes) !== descriptor.digest)
      throw new InvalidArgument(`${this.#files.name}: wrong content for ${descriptor.digest}`);
    return { descriptor, bytes };
  }

  read({ digest }: Descriptor, offset: number, end: number): ByteSource {
    return this.#files.read(digest, offset, end);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/**
 * @param what names the layout in errors
 * @param name absent: the only one there is
 * @throws InvalidArgument; NotFound with what is there instead
 */
export function chooseInIndex(text: string, what: string, name: string | undefined): Descriptor {
  const parsed = parseManifest(text, "", `index.json of ${what}`);
  if (parsed.kind !== "index") throw new InvalidArgument(`index.json of ${what} is no image index`);
  const all = parsed.index.manifests;
  const found =
    name === undefined ? all : all.filter((one) => namesOf(one).some((own) => isSameName(own, name)));
  return onlyOne(found, name === undefined ? what : `${name} in ${what}`, all.flatMap(namesOf));
}

function namesOf({ annotations }: Descriptor): string[] {
  const names: unknown[] = [annotations?.[REF_NAME], annotations?.[CONTAINERD_NAME]];
  return names.filter((name) => typeof name === "string");
}

const MAX_DOCUMENT_BYTES = 8 << 20;

export function directoryFiles(directory: string): LayoutFiles {
  const pathOf = (digest: string) => {
    const path = layoutPath(directory, digest);
    if (!existsSync(path)) throw new NotFound(`content ${digest} is not in ${directory}`);
    return path;
  };
  return {
    name: directory,
    text(name) {
      const path = `${directory}/${name}`;
      return existsSync(path) ? readFileSync(path, "utf8") : undefined;
    },
    bytes(digest) {
      const bytes = readFileSync(pathOf(digest));
      if (bytes.byteLength > MAX_DOCUMENT_BYTES)
        throw new InvalidArgument(`${digest} in ${directory}: ${bytes.byteLength} bytes are no manifest`);
      return bytes;
    },
    read: (digest, offset, end) =>
      createReadStream(pathOf(digest), { start: offset, end: end - 1, highWaterMark: 1 << 20 }),
  };
}
