import type { Volume } from "#spec/docker/volumes.ts";
import { humanSize } from "../format/human.ts";
import { labelMethod, labelText } from "../format/labels.ts";
import type { Listing } from "../format/rows.ts";

const UNKNOWN = "N/A";

/** What `volume ls` and `system df` show of volumes. */
export const VOLUME_LISTING: Listing<Volume> = {
  typeName: "volume",
  quiet: ({ Name }) => Name,
  table: ["Driver", "Name"],
  columns: {
    Name: { title: "VOLUME NAME", value: ({ Name }) => Name },
    Driver: { title: "DRIVER", value: ({ Driver }) => Driver },
    Scope: { title: "SCOPE", value: ({ Scope }) => Scope },
    Mountpoint: { title: "MOUNTPOINT", value: ({ Mountpoint }) => Mountpoint },
    Labels: { title: "LABELS", value: ({ Labels }) => labelText(Labels) },
    Links: { title: "LINKS", value: ({ UsageData }) => (UsageData ? String(UsageData.RefCount) : UNKNOWN) },
    Size: {
      title: "SIZE",
      value: ({ UsageData }) => (UsageData ? humanSize(Math.max(UsageData.Size, 0)) : UNKNOWN),
    },
    Group: { title: "GROUP", value: () => UNKNOWN },
    Availability: { title: "AVAILABILITY", value: () => UNKNOWN },
    Status: { title: "STATUS", value: () => UNKNOWN },
  },
  methods: { Label: labelMethod((row) => row.Labels) },
};
