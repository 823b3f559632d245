import { shortId } from "#base/ids.ts";
import type { ContainerSummary } from "#spec/docker/containers.ts";
import { goQuote } from "../format/go-print.ts";
import { goTime, humanAge, humanSize } from "../format/human.ts";
import { labelMethod, labelText } from "../format/labels.ts";
import type { Listing } from "../format/rows.ts";
import { ellipsis } from "../format/table.ts";
import { portsText } from "./_ports.ts";

const COMMAND_CELLS = 20;
const MOUNT_CELLS = 15;

export interface ContainerRowsOptions {
  readonly noTrunc: boolean;
  readonly size: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What `ps` shows of containers. */
export function containerListing({ noTrunc, size, now }: ContainerRowsOptions): Listing<ContainerSummary> {
  const shorten = (text: string, cells: number) => (noTrunc ? text : ellipsis(text, cells));
  return {
    typeName: "container",
    quiet: ({ Id }) => (noTrunc ? Id : shortId(Id)),
    table: ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names", ...(size ? ["Size"] : [])],
    columns: {
      ID: { title: "CONTAINER ID", value: ({ Id }) => (noTrunc ? Id : shortId(Id)) },
      Image: { title: "IMAGE", value: (row) => imageName(row, noTrunc) },
      Command: { title: "COMMAND", value: ({ Command }) => goQuote(shorten(Command, COMMAND_CELLS)) },
      CreatedAt: { title: "CREATED AT", value: ({ Created }) => goTime(Created) },
      RunningFor: { title: "CREATED", value: ({ Created }) => humanAge(Created, now) },
      Ports: { title: "PORTS", value: ({ Ports }) => portsText(Ports) },
      State: { title: "STATE", value: ({ State }) => State },
      Status: { title: "STATUS", value: ({ Status }) => Status },
      Names: { title: "NAMES", value: ({ Names }) => namesText(Names, noTrunc) },
      Size: { title: "SIZE", value: sizeText },
      Labels: { title: "LABELS", value: ({ Labels }) => labelText(Labels) },
      LocalVolumes: {
        title: "LOCAL VOLUMES",
        value: ({ Mounts }) => String(Mounts.filter((one) => one.Driver === "local").length),
      },
      Mounts: {
        title: "MOUNTS",
        value: ({ Mounts }) => Mounts.map((one) => shorten(one.Name || one.Source, MOUNT_CELLS)).join(","),
      },
      Networks: {
        title: "NETWORKS",
        value: ({ NetworkSettings }) =>
          Object.keys(NetworkSettings?.Networks ?? {})
            .sort()
            .join(","),
      },
      Platform: { title: "PLATFORM", value: () => null },
    },
    methods: { Label: labelMethod((row) => row.Labels) },
  };
}

/** Names begin with "/"; those of links have a second one and are shown only in full listings. */
function namesText(names: readonly string[] | null, noTrunc: boolean): string {
  const bare = (names ?? []).map((name) => name.replace(/^\//, ""));
  return (noTrunc ? bare : bare.filter((name) => !name.includes("/")).slice(0, 1)).join(",");
}

const DIGEST_SUFFIX = /@sha\d+:[0-9a-f]+$/;

function imageName({ Image, ImageID }: ContainerSummary, noTrunc: boolean): string {
  if (Image === "") return "<no image>";
  if (noTrunc) return Image;
  if (shortId(Image) === shortId(ImageID)) return shortId(Image);
  return Image.replace(DIGEST_SUFFIX, "").replace(/^docker\.io\/(?:library\/)?/, "");
}

function sizeText({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const written = humanSize(SizeRw, 3);
  return SizeRootFs > 0 ? `${written} (virtual ${humanSize(SizeRootFs, 3)})` : written;
}
