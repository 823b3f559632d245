import { shortId } from "#base/ids.ts";
import type { ImageSummary } from "#spec/docker/images.ts";
import { goTime, humanAge, humanSize } from "../format/human.ts";
import type { Listing } from "../format/rows.ts";

const NONE = "<none>";
const UNKNOWN = "N/A";

/** An image has a line for each of its names. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** @param withDigests one line for each digest of a name too */
export function imageRows(images: readonly ImageSummary[], withDigests: boolean): ImageRow[] {
  return images.flatMap((image) => {
    const tags = groupNames(image.RepoTags, ":");
    const digests = groupNames(image.RepoDigests, "@");
    const repositories = [...new Set([...tags.keys(), ...digests.keys()])];
    if (repositories.length === 0) return [{ image, repository: NONE, tag: NONE, digest: NONE }];
    return repositories.flatMap((repository) => {
      const shownDigests = withDigests ? (digests.get(repository) ?? [NONE]) : [NONE];
      const shownTags = tags.get(repository) ?? [NONE];
      return shownTags.flatMap((tag) => shownDigests.map((digest) => ({ image, repository, tag, digest })));
    });
  });
}

/** "name:tag" texts as name to tags; "<none>:<none>" stands for no name. */
function groupNames(names: readonly string[] | null, separator: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names ?? []) {
    if (name.startsWith(NONE)) continue;
    const at = name.lastIndexOf(separator);
    const repository = name.slice(0, at).replace(/^docker\.io\/(?:library\/)?/, "");
    const group = groups.get(repository);
    if (group) group.push(name.slice(at + 1));
    else groups.set(repository, [name.slice(at + 1)]);
  }
  return groups;
}

export interface ImageRowsOptions {
  readonly noTrunc: boolean;
  readonly digests: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What `images` shows. */
export function imageListing({ noTrunc, digests, now }: ImageRowsOptions): Listing<ImageRow> {
  return {
    typeName: "image",
    quiet: ({ image }) => (noTrunc ? image.Id : shortId(image.Id)),
    table: ["Repository", "Tag", ...(digests ? ["Digest"] : []), "ID", "CreatedSince", "Size"],
    columns: {
      ID: { title: "IMAGE ID", value: ({ image }) => (noTrunc ? image.Id : shortId(image.Id)) },
      Repository: { title: "REPOSITORY", value: ({ repository }) => repository },
      Tag: { title: "TAG", value: ({ tag }) => tag },
      Digest: { title: "DIGEST", value: ({ digest }) => digest },
      CreatedSince: { title: "CREATED", value: ({ image }) => humanAge(image.Created, now) },
      CreatedAt: { title: "CREATED AT", value: ({ image }) => goTime(image.Created) },
      Size: { title: "SIZE", value: ({ image }) => humanSize(image.Size, 3) },
      Containers: {
        title: "CONTAINERS",
        value: ({ image }) => (image.Containers < 0 ? UNKNOWN : String(image.Containers)),
      },
      VirtualSize: { title: "SIZE", value: ({ image }) => humanSize(image.Size) },
      SharedSize: {
        title: "SHARED SIZE",
        value: ({ image }) => (image.SharedSize < 0 ? UNKNOWN : humanSize(image.SharedSize)),
      },
      UniqueSize: {
        title: "UNIQUE SIZE",
        value: ({ image }) => (image.SharedSize < 0 ? UNKNOWN : humanSize(image.Size - image.SharedSize)),
      },
    },
  };
}
