import { shortId } from "#base/ids.ts";
import type { ImageManifestSummary, ImageSummary } from "#spec/docker/images.ts";
import { formatPlatform } from "#spec/platform.ts";
import { humanSize } from "../format/human.ts";
import { alignRows } from "../format/table.ts";

const NONE = "<none>";
const TITLES = ["IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "USED"];

/** What `images --tree` shows: each image with the platforms it is for, whether they are here or not. */
export function imageTree(
  images: readonly ImageSummary[],
  { noTrunc }: { readonly noTrunc: boolean },
): string {
  const idOf = (id: string) => (noTrunc ? id : shortId(id));
  const rows = images.flatMap((image) => [...headRows(image, idOf), ...platformRows(image, idOf)]);
  return alignRows([TITLES, ...rows]);
}

type IdOf = (id: string) => string;

function headRows(image: ImageSummary, idOf: IdOf): string[][] {
  const names = image.RepoTags.length > 0 ? image.RepoTags : [NONE];
  const content = contentOf(image);
  const facts = [idOf(image.Id), humanSize(totalOf(image), 3), content, image.Containers > 0 ? "yes" : ""];
  return names.map((name, index) => (index === 0 ? [name, ...facts] : [name, "", "", "", ""]));
}

function platformRows(image: ImageSummary, idOf: IdOf): string[][] {
  const shown = (image.Manifests ?? []).filter(({ Kind }) => Kind === "image");
  return shown.map((manifest, index) => {
    const branch = index === shown.length - 1 ? "└─" : "├─";
    return [`${branch} ${platformText(manifest)}`, idOf(manifest.ID), ...sizesOf(manifest)];
  });
}

function platformText({ ImageData }: ImageManifestSummary): string {
  return ImageData ? formatPlatform(ImageData.Platform) : "unknown";
}

function sizesOf({ Available, Size, ImageData }: ImageManifestSummary): string[] {
  if (!Available) return ["–", "–", "not here"];
  const isUsed = (ImageData?.Containers.length ?? 0) > 0;
  return [humanSize(Size.Total, 3), humanSize(Size.Content, 3), isUsed ? "yes" : ""];
}

function totalOf({ Manifests = [], Size }: ImageSummary): number {
  return Manifests.length > 0 ? Manifests.reduce((sum, { Size: { Total } }) => sum + Total, 0) : Size;
}

function contentOf({ Manifests = [] }: ImageSummary): string {
  if (Manifests.length === 0) return "–";
  return humanSize(
    Manifests.reduce((sum, { Size: { Content } }) => sum + Content, 0),
    3,
  );
}
