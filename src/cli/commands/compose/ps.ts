import { shortId } from "#base/ids.ts";
import { LABEL } from "#compose/engine/labels.ts";
import { canonicalName } from "#compose/engine/names.ts";
import type { ContainerSummary } from "#spec/docker/containers.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, list, string } from "../../flag-kinds.ts";
import { goQuote } from "../../format/go-print.ts";
import { goTime, humanAge, humanSize } from "../../format/human.ts";
import { htmlSafeJson } from "../../format/json.ts";
import { labelMethod, labelText } from "../../format/labels.ts";
import { formatRows, type Listing } from "../../format/rows.ts";
import { ellipsis } from "../../format/table.ts";
import { FORMAT_TEXT } from "../_format-text.ts";
import { portsText } from "../_ports.ts";
import { checkNames } from "./_each.ts";

const STATUSES = "paused, restarting, removing, running, dead, created, exited";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    all: bool("Also show containers that are not running, and those of run", { short: "a" }),
    filter: string("Show only containers that meet this condition (status=…)"),
    format: string(FORMAT_TEXT),
    "no-trunc": bool("Show everything in full"),
    orphans: bool("Also show containers of services that the files do not define", { initial: true }),
    quiet: bool("Show only ids", { short: "q" }),
    services: bool("Show only the names of services"),
    status: list(`Show only containers in one of these states (${STATUSES})`, { type: "stringArray" }),
  },
  async run({ compose, args, flags }) {
    const statuses = [...flags.status, ...statusOf(flags.filter)];
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const client = await compose.client();
    const all = flags.all || statuses.length > 0;
    const label = [`${LABEL.project}=${project.name}`, LABEL.configHash];
    const isShown = ({ Labels, State }: ContainerSummary) => {
      const service = Labels[LABEL.service] ?? "";
      if (!flags.all && Labels[LABEL.oneoff] === "True") return false;
      if (statuses.length > 0 && !statuses.includes(State)) return false;
      if (args.length > 0) return args.includes(service);
      return flags.orphans || !hasFiles || service in project.services;
    };
    const size = /\.Size\b/.test(flags.format);
    const rows = (await client.containers.list({ all, size, filters: { label } }))
      .filter(isShown)
      .sort((a, b) => (canonicalName(a.Names) < canonicalName(b.Names) ? -1 : 1));
    if (flags.quiet) return await compose.print(rows.map(({ Id }) => `${Id}\n`).join(""));
    if (flags.services) {
      const names = [...new Set(rows.map(({ Labels }) => Labels[LABEL.service] ?? ""))];
      return await compose.print(`${names.join("\n")}\n`);
    }
    const format = flags.format || (compose.session.config.psFormat ?? "");
    if (format === "json") return await compose.print(rows.map((row) => `${rowJson(row)}\n`).join(""));
    const listing = psListing({ noTrunc: flags["no-trunc"], now: compose.host.now() });
    await compose.print(await formatRows(rows, listing, { format }));
  },
});

function statusOf(filter: string): string[] {
  if (filter === "") return [];
  const [key, value] = filter.split("=");
  if (value === undefined) throw new CliError("arguments to --filter should be in form KEY=VAL");
  if (key !== "status") throw new CliError(`unknown filter ${key}`);
  return [value];
}

interface PsOptions {
  readonly noTrunc: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

function psListing({ noTrunc, now }: PsOptions): Listing<ContainerSummary> {
  const shorten = (text: string, cells: number) => (noTrunc ? text : ellipsis(text, cells));
  return {
    typeName: "container",
    quiet: ({ Id }) => Id,
    table: ["Name", "Image", "Command", "Service", "RunningFor", "Status", "Ports"],
    columns: {
      ID: { title: "CONTAINER ID", value: ({ Id }) => (noTrunc ? Id : shortId(Id)) },
      Name: { title: "NAME", value: ({ Names }) => canonicalName(Names) },
      Names: { title: "NAMES", value: ({ Names }) => canonicalName(Names) },
      Project: { title: "PROJECT", value: ({ Labels }) => Labels[LABEL.project] ?? "" },
      Service: { title: "SERVICE", value: ({ Labels }) => Labels[LABEL.service] ?? "" },
      Image: { title: "IMAGE", value: ({ Image }) => Image },
      Command: { title: "COMMAND", value: ({ Command }) => goQuote(shorten(Command, 20)) },
      CreatedAt: { title: "CREATED AT", value: ({ Created }) => goTime(Created) },
      RunningFor: { title: "CREATED", value: ({ Created }) => humanAge(Created, now) },
      Ports: { title: "PORTS", value: ({ Ports }) => portsText(Ports) },
      State: { title: "STATE", value: ({ State }) => State },
      Status: { title: "STATUS", value: ({ Status }) => Status },
      Health: { title: "HEALTH", value: healthOf },
      ExitCode: { title: "EXIT CODE", value: (row) => String(exitCodeOf(row)) },
      Size: { title: "SIZE", value: ({ SizeRw = 0 }) => humanSize(SizeRw, 3) },
      Labels: { title: "LABELS", value: ({ Labels }) => labelText(Labels) },
      LocalVolumes: { title: "LOCAL VOLUMES", value: (row) => String(localVolumes(row)) },
      Mounts: {
        title: "MOUNTS",
        value: (row) =>
          mountNames(row)
            .map((name) => shorten(name, 15))
            .join(","),
      },
      Networks: { title: "NETWORKS", value: (row) => networkNames(row).join(",") },
    },
    methods: { Label: labelMethod((row) => row.Labels) },
  };
}

/** Everything, ports as objects: scripts read this. */
function rowJson(row: ContainerSummary): string {
  return htmlSafeJson({
    Command: goQuote(ellipsis(row.Command, 20)),
    CreatedAt: goTime(row.Created),
    ExitCode: exitCodeOf(row),
    Health: healthOf(row),
    ID: shortId(row.Id),
    Image: row.Image,
    Labels: labelText(row.Labels),
    LocalVolumes: String(localVolumes(row)),
    Mounts: mountNames(row).join(","),
    Name: canonicalName(row.Names),
    Names: canonicalName(row.Names),
    Networks: networkNames(row).join(","),
    Ports: portsText(row.Ports),
    Project: row.Labels[LABEL.project] ?? "",
    Publishers: publishersOf(row),
    RunningFor: humanAge(row.Created, Date.now()),
    Service: row.Labels[LABEL.service] ?? "",
    Size: humanSize(row.SizeRw ?? 0, 3),
    State: row.State,
    Status: row.Status,
  });
}

function publishersOf({ Ports }: ContainerSummary) {
  return [...(Ports ?? [])]
    .sort((a, b) => a.PrivatePort - b.PrivatePort)
    .map(({ IP = "", PrivatePort, PublicPort = 0, Type }) => ({
      URL: IP,
      TargetPort: PrivatePort,
      PublishedPort: PublicPort,
      Protocol: Type,
    }));
}

function healthOf({ Status, Health }: ContainerSummary): string {
  if (Health && Health.Status !== "none") return Health.Status;
  if (Status.includes("(healthy)")) return "healthy";
  if (Status.includes("(unhealthy)")) return "unhealthy";
  return Status.includes("(health: starting)") ? "starting" : "";
}

function exitCodeOf({ Status }: ContainerSummary): number {
  return Number(/^Exited \((\d+)\)/.exec(Status)?.[1] ?? 0);
}

function localVolumes({ Mounts }: ContainerSummary): number {
  return (Mounts ?? []).filter(({ Driver }) => Driver === "local").length;
}

function mountNames({ Mounts }: ContainerSummary): string[] {
  return (Mounts ?? []).map(({ Name, Source }) => Name || Source);
}

function networkNames({ NetworkSettings }: ContainerSummary): string[] {
  return Object.keys(NetworkSettings?.Networks ?? {}).sort();
}
