/** `system df`. */
import type { ContainerSummary } from "#spec/docker/containers.ts";
import type { BuildCacheRecord, SystemDataUsage } from "#spec/docker/disk-usage.ts";
import type { ImageSummary } from "#spec/docker/images.ts";
import { humanAge, humanSize } from "../format/human.ts";
import { formatRows, type Listing } from "../format/rows.ts";
import { type ContainerRowsOptions, containerListing } from "./_container-rows.ts";
import { type ImageRow, type ImageRowsOptions, imageListing, imageRows } from "./_image-rows.ts";
import { VOLUME_LISTING } from "./_volume-rows.ts";

/** One kind of things and what it takes. */
export interface UsageRow {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly bytes: number;
  readonly reclaimableBytes: number;
  /** Images and volumes also say which share of their room that is. */
  readonly showsShare: boolean;
}

export const SUMMARY_LISTING: Listing<UsageRow> = {
  typeName: "usage",
  quiet: ({ type }) => type,
  table: ["Type", "TotalCount", "Active", "Size", "Reclaimable"],
  columns: {
    Type: { title: "TYPE", value: ({ type }) => type },
    TotalCount: { title: "TOTAL", value: ({ total }) => String(total) },
    Active: { title: "ACTIVE", value: ({ active }) => String(active) },
    Size: { title: "SIZE", value: ({ bytes }) => humanSize(bytes) },
    Reclaimable: { title: "RECLAIMABLE", value: reclaimableText },
  },
};

function reclaimableText({ bytes, reclaimableBytes, showsShare }: UsageRow): string {
  const size = humanSize(reclaimableBytes);
  return showsShare && bytes > 0 ? `${size} (${Math.trunc((reclaimableBytes * 100) / bytes)}%)` : size;
}

export function summaryRows(usage: SystemDataUsage): UsageRow[] {
  return [imagesRow(usage), containersRow(usage), volumesRow(usage), cacheRow(usage)];
}

/** Layers are shared: what the used images need is taken off the whole, by the engine where it can tell. */
function imagesRow({ Images, ImageUsage, LayersSize = 0 }: SystemDataUsage): UsageRow {
  const images = Images ?? [];
  const inUse = images.filter((image) => image.Containers > 0);
  const used = sum(
    inUse
      .filter((image) => image.SharedSize !== -1 && image.Size !== -1)
      .map((image) => image.Size - image.SharedSize),
  );
  const reclaimableBytes = ImageUsage?.Reclaimable ?? Math.max(0, LayersSize - used);
  return {
    type: "Images",
    total: images.length,
    active: inUse.length,
    bytes: LayersSize,
    reclaimableBytes,
    showsShare: true,
  };
}

function containersRow({ Containers }: SystemDataUsage): UsageRow {
  const containers = Containers ?? [];
  const active = containers.filter(isActive);
  const size = (list: readonly ContainerSummary[]) => sum(list.map((one) => one.SizeRw ?? 0));
  const bytes = size(containers);
  const reclaimableBytes = bytes - size(active);
  return {
    type: "Containers",
    total: containers.length,
    active: active.length,
    bytes,
    reclaimableBytes,
    showsShare: true,
  };
}

function isActive({ State }: ContainerSummary): boolean {
  return State === "running" || State === "paused" || State === "restarting";
}

function volumesRow({ Volumes }: SystemDataUsage): UsageRow {
  const known = (Volumes ?? []).filter((volume) => (volume.UsageData?.Size ?? -1) !== -1);
  const active = (Volumes ?? []).filter((volume) => (volume.UsageData?.RefCount ?? 0) > 0);
  const unused = known.filter((volume) => volume.UsageData!.RefCount === 0);
  const bytes = sum(known.map((volume) => volume.UsageData!.Size));
  const reclaimableBytes = sum(unused.map((volume) => volume.UsageData!.Size));
  return {
    type: "Local Volumes",
    total: Volumes?.length ?? 0,
    active: active.length,
    bytes,
    reclaimableBytes,
    showsShare: true,
  };
}

function cacheRow({ BuildCache }: SystemDataUsage): UsageRow {
  const records = BuildCache ?? [];
  const own = records.filter((record) => !record.Shared);
  const inUse = records.filter((record) => record.InUse);
  const reclaimableBytes = sum(own.filter((record) => !record.InUse).map((record) => record.Size));
  return {
    type: "Build Cache",
    total: records.length,
    active: inUse.length,
    bytes: sum(own.map((record) => record.Size)),
    reclaimableBytes,
    showsShare: false,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

export interface DetailSection {
  /** Name of the kind in JSON. */
  readonly key: string;
  readonly title: string;
  readonly show: (format: string) => Promise<string>;
}

/** @param now milliseconds since 1970 */
export function detailSections(usage: SystemDataUsage, now: number): DetailSection[] {
  const cache = usage.BuildCache ?? [];
  return [
    section("Images", "Images space usage:", imageUsageRows(usage.Images ?? []), (noTrunc) =>
      imageUsage({ noTrunc, digests: false, now }),
    ),
    section("Containers", "Containers space usage:", usage.Containers ?? [], (noTrunc) =>
      containerUsage({ noTrunc, size: true, now }),
    ),
    section("Volumes", "Local Volumes space usage:", usage.Volumes ?? [], () => ({
      ...VOLUME_LISTING,
      table: ["Name", "Links", "Size"],
    })),
    section("BuildCache", `Build cache usage: ${humanSize(cacheRow(usage).bytes)}`, cache, (noTrunc) =>
      cacheListing(noTrunc, now),
    ),
  ];
}

/** A table is shortened, what programs read is not. */
function section<R>(
  key: string,
  title: string,
  rows: readonly R[],
  listing: (noTrunc: boolean) => Listing<R>,
): DetailSection {
  return { key, title, show: (format) => formatRows(rows, listing(format !== ""), { format }) };
}

/** One row for each image, under its first name: its size would else be counted again. */
function imageUsageRows(images: readonly ImageSummary[]): ImageRow[] {
  return images.map(
    (image) =>
      imageRows([{ ...image, RepoTags: (image.RepoTags ?? []).slice(0, 1), RepoDigests: [] }], false)[0]!,
  );
}

function imageUsage(options: ImageRowsOptions): Listing<ImageRow> {
  const table = ["Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"];
  return { ...imageListing(options), table };
}

/** Here a container's size is what it has written: the image's part is listed with the images. */
function containerUsage(options: ContainerRowsOptions): Listing<ContainerSummary> {
  const listing = containerListing(options);
  const Size = { title: "SIZE", value: ({ SizeRw = 0 }: ContainerSummary) => humanSize(SizeRw, 3) };
  const table = ["ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"];
  return { ...listing, columns: { ...listing.columns, Size }, table };
}

function cacheListing(noTrunc: boolean, now: number): Listing<BuildCacheRecord> {
  const age = (time: string) => humanAge(Date.parse(time) / 1000, now);
  return {
    typeName: "buildCache",
    quiet: ({ ID }) => ID,
    table: ["ID", "CacheType", "Size", "CreatedSince", "LastUsedSince", "UsageCount", "Shared"],
    columns: {
      ID: {
        title: "CACHE ID",
        value: ({ ID, InUse }) => (noTrunc ? ID : ID.slice(0, 12)) + (InUse ? "*" : ""),
      },
      Parent: { title: "PARENT", value: ({ Parents }) => (Parents ?? []).join(", ") },
      CacheType: { title: "CACHE TYPE", value: ({ Type }) => Type },
      Description: { title: "DESCRIPTION", value: ({ Description }) => Description },
      Size: { title: "SIZE", value: ({ Size }) => humanSize(Size, 3) },
      CreatedAt: { title: "CREATED AT", value: ({ CreatedAt }) => CreatedAt },
      CreatedSince: { title: "CREATED", value: ({ CreatedAt }) => age(CreatedAt) },
      LastUsedAt: { title: "LAST USED AT", value: ({ LastUsedAt }) => LastUsedAt ?? "" },
      LastUsedSince: { title: "LAST USED", value: ({ LastUsedAt }) => (LastUsedAt ? age(LastUsedAt) : "") },
      UsageCount: { title: "USAGE", value: ({ UsageCount }) => String(UsageCount) },
      InUse: { title: "IN USE", value: ({ InUse }) => String(InUse) },
      Shared: { title: "SHARED", value: ({ Shared }) => String(Shared) },
    },
  };
}
