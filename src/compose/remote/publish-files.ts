/** The files of a project as an artifact has them: what they extend and their env files get names beside them. */
import { dirname, relative, resolve } from "node:path";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  type Scalar,
} from "yaml";
import { parseDigest, sha256 } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { MAIN_FILE, type PublishedFile } from "./artifact.ts";
import { isRemote } from "./reference.ts";

export interface PublishRequest {
  /** Absolute, in the order they are merged. */
  readonly files: readonly string[];
  readonly projectDirectory: string;
  readonly withEnvFiles: boolean;
  /** @returns undefined when there is no such file */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
}

/** @throws InvalidArgument for what would be missing in the artifact */
export async function filesToPublish(request: PublishRequest): Promise<PublishedFile[]> {
  const collector = new Collector(request);
  const main: PublishedFile[] = [];
  for (const [index, path] of request.files.entries()) {
    const bytes = await collector.rewritten(path);
    main.push({ kind: "compose", name: index === 0 ? MAIN_FILE : relative(dirname(path), path), bytes });
  }
  return [...main, ...collector.others.values()];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

class Collector {
  /** By path: what was put beside the main files. */
  readonly others = new Map<string, PublishedFile>();
  readonly #request: PublishRequest;

  constructor(request: PublishRequest) {
    this.#request = request;
  }

  /** The file, with the names that its neighbours have in the artifact; else byte for byte as it is. */
  async rewritten(path: string): Promise<Uint8Array> {
    const bytes = await this.#request.read(path);
    if (!bytes) throw new InvalidArgument(`cannot publish ${path}: there is no such file`);
    const text = new TextDecoder().decode(bytes);
    const edits = new Map<number, Edit>();
    for (const document of parseAllDocuments(text, {
      schema: "failsafe",
      logLevel: "silent",
      prettyErrors: false,
    })) {
      refuseIncludes(document, path);
      for (const service of entries(get(document, document.contents as Node | null, "services")))
        await this.#service(document, service, { path, edits });
    }
    if (edits.size === 0) return bytes;
    let result = text;
    for (const { start, end, text: name } of [...edits.values()].sort((a, b) => b.start - a.start))
      result = result.slice(0, start) + name + result.slice(end);
    return new TextEncoder().encode(result);
  }

  async #service(
    document: Document,
    service: Node,
    file: { readonly path: string; readonly edits: Map<number, Edit> },
  ): Promise<void> {
    const extended = get(document, get(document, service, "extends"), "file");
    const envFile = get(document, service, "env_file");
    const list = isSeq(envFile) ? (envFile.items as Node[]) : envFile ? [envFile] : [];
    for (const [kind, node] of [
      ["extended", extended] as const,
      ...list.map((one) => ["env", one] as const),
    ]) {
      const target = follow(document, node);
      const scalar = isMap(target) ? follow(document, target.get("path", true) as Node | undefined) : target;
      if (!scalar || !isScalar(scalar) || isRemote(String(scalar.value))) continue;
      const name = await this.#neighbour(kind, scalar, file.path);
      const [start, end] = scalar.range!;
      if (name !== undefined) file.edits.set(start, { start, end, text: name });
    }
  }

  /** @returns its name in the artifact; undefined for an env file that is not there */
  async #neighbour(kind: "extended" | "env", { value }: Scalar, from: string): Promise<string | undefined> {
    const written = String(value);
    const { projectDirectory, read, withEnvFiles } = this.#request;
    if (written.includes("$"))
      throw new InvalidArgument(
        `cannot publish ${from}: the name of "${written}" has a variable, so that the file is not known`,
      );
    const path = resolve(dirname(from), written);
    const name = `${parseDigest(sha256(relative(projectDirectory, path))).hex}.${kind === "env" ? "env" : "yaml"}`;
    if (this.others.has(path)) return name;
    if (kind === "env") {
      const bytes = await read(path);
      if (!bytes) return undefined;
      if (!withEnvFiles)
        throw new InvalidArgument(
          `cannot publish ${from} without its env file ${written}: what is in it may be secret`,
          {
            hint: "Say --with-env to publish its variables too, or take env_file out",
          },
        );
      this.others.set(path, { kind, name, bytes });
      return name;
    }
    this.others.set(path, { kind, name, bytes: new Uint8Array() }); // two files may extend each other
    this.others.set(path, { kind, name, bytes: await this.rewritten(path) });
    return name;
  }
}

function refuseIncludes(document: Document, path: string): void {
  const include = get(document, document.contents as Node | null, "include");
  const list = include && isSeq(include) ? (include.items as Node[]) : [];
  const paths = list.flatMap((item) => {
    const inner = isMap(item) ? get(document, item, "path") : follow(document, item);
    return inner && isSeq(inner) ? (inner.items as Node[]) : inner ? [inner] : [];
  });
  const local = paths.find((node) => !isRemote(String((node as Scalar).value)));
  if (local)
    throw new InvalidArgument(
      `cannot publish ${path}: it includes ${String((local as Scalar).value)}, which is on this machine only`,
      {
        hint: "Publish that project first and include it as oci://…",
      },
    );
}

function follow(document: Document, node: Node | null | undefined): Node | undefined {
  return node && isAlias(node) ? (node.resolve(document) as Node | undefined) : (node ?? undefined);
}

/** What stands at a key, in the mapping itself or in what it merges. */
function get(document: Document, node: Node | null | undefined, key: string): Node | undefined {
  const map = follow(document, node);
  if (!map || !isMap(map)) return undefined;
  const own = follow(document, map.get(key, true) as Node | undefined);
  if (own) return own;
  const merged = follow(document, map.get("<<", true) as Node | undefined);
  const sources = merged && isSeq(merged) ? (merged.items as Node[]) : merged ? [merged] : [];
  return sources.map((source) => get(document, source, key)).find((found) => found !== undefined);
}

function entries(node: Node | undefined): Node[] {
  return node && isMap(node) ? node.items.map(({ value }) => value as Node).filter(Boolean) : [];
}
