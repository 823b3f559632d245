import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "#base/fs.ts";
import { canonicalReference, familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { CliError } from "../errors.ts";
import type { ImageManifest } from "./types.ts";

/**
 * `manifests/LIST/IMAGE` below the configuration: a directory for each list, a file for each of its images. Docker's
 * client reads and writes the same files.
 */
export class ManifestStore {
  readonly #directory: string;

  constructor(configDirectory: string) {
    this.#directory = join(configDirectory, "manifests");
  }

  has(list: string): boolean {
    return existsSync(this.#listPath(list));
  }

  /** In the order of their names. @returns none when there is no such list */
  images(list: string): ImageManifest[] {
    const path = this.#listPath(list);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .toSorted()
      .map((name) => read(join(path, name)));
  }

  image(list: string, image: string): ImageManifest | undefined {
    const path = join(this.#listPath(list), fileNameOf(image));
    return existsSync(path) ? read(path) : undefined;
  }

  save(list: string, image: ImageManifest): void {
    const path = this.#listPath(list);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    writeFileAtomic(join(path, fileNameOf(image.Ref)), JSON.stringify(image), { mode: 0o644 });
  }

  remove(list: string): void {
    rmSync(this.#listPath(list), { recursive: true, force: true });
  }

  #listPath(list: string): string {
    return join(this.#directory, fileNameOf(list));
  }
}

/** "127.0.0.1:5000/m/app:x" → "127.0.0.1-5000_m_app-x"; a name without a tag has ":latest", and Hub's has its host. */
function fileNameOf(reference: string): string {
  return canonicalReference(withDefaultTag(parseReference(reference)))
    .replaceAll(":", "-")
    .replaceAll("/", "_");
}

function read(path: string): ImageManifest {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ImageManifest;
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

/** A name as lists are known by: complete, in docker's spelling. */
export function listName(text: string): string {
  const reference = withDefaultTag(parseReference(text));
  return reference.domain === "docker.io" ? canonicalReference(reference) : familiarReference(reference);
}
