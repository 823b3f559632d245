import { InvalidArgument } from "#base/errors.ts";

/** One image of an archive as `docker save` writes it: `manifest.json` is a list of these. */
export interface ArchiveManifest {
  /** Names of files in the archive. */
  readonly config: string;
  /** Lowest first. */
  readonly layers: readonly string[];
  readonly repoTags: readonly string[];
}

/** @param what names the file in errors @throws InvalidArgument for anything that is not as Docker writes it */
export function parseArchiveManifest(text: string, what: string): ArchiveManifest[] {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgument(`invalid archive: ${what} is no JSON`, { cause: error });
  }
  if (!Array.isArray(items)) throw new InvalidArgument(`invalid archive: ${what} is no list`);
  return items.map((item) => {
    const { Config, Layers, RepoTags } = (item ?? {}) as Record<string, unknown>;
    const [layers, repoTags] = [Layers ?? [], RepoTags ?? []];
    if (typeof Config !== "string" || !isTextList(layers) || !isTextList(repoTags))
      throw new InvalidArgument(`invalid archive: malformed ${what}`);
    return { config: Config, layers, repoTags };
  });
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
