import { posix } from "node:path";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { TarParser } from "#base/tar-read.ts";

/** Where a member's bytes lie in an archive. */
export interface Extent {
  readonly start: number;
  readonly sizeBytes: number;
}

/** More than any image has files; the table of them is kept in memory. */
const MAX_NAMES = 1_000_000;
/** As many links behind each other as are followed. */
const MAX_HOPS = 8;

/** Which files a tar archive has and where they lie in it. Give it the archive with `push`, then `finish`. */
export class ArchiveNames {
  readonly #extents = new Map<string, Extent>();
  readonly #links = new Map<string, string>();
  readonly #parser: TarParser;

  constructor() {
    this.#parser = new TarParser({
      entry: ({ name: entryName, type, sizeBytes, linkName, sparse }) => {
        const name = posix.normalize(entryName);
        if (sparse) throw new InvalidArgument(`the archive keeps ${JSON.stringify(name)} with holes`);
        if (type === "file") this.#extents.set(name, { start: this.#parser.offset, sizeBytes });
        if (type === "symlink") this.#links.set(name, posix.join(posix.dirname(name), linkName));
        if (type === "hardlink") this.#links.set(name, posix.normalize(linkName));
        if (this.#extents.size + this.#links.size > MAX_NAMES)
          throw new InvalidArgument(`the archive has more than ${MAX_NAMES} files`);
      },
      data: () => {},
      end: () => {},
    });
  }

  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }

  finish(): void {
    this.#parser.finish();
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.#extents.keys();
    yield* this.#links.keys();
  }

  find(name: string): Extent | undefined {
    let at = posix.normalize(name);
    for (let hops = 0; hops < MAX_HOPS && this.#links.has(at); hops++) at = this.#links.get(at)!;
    return this.#extents.get(at);
  }

  /** @param what names the archive in the error @throws NotFound */
  get(name: string, what: string): Extent {
    const extent = this.find(name);
    if (!extent) throw new NotFound(`${name} is not in the archive ${what}`);
    return extent;
  }
}
