import { NotFound, NotImplemented } from "#base/errors.ts";
import type { Filters } from "#base/filters.ts";
import type { Client } from "#client/client.ts";
import type { DeletionPlan } from "#spec/deletion-plan.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, filter } from "../flag-kinds.ts";
import { humanSize } from "../format/human.ts";
import type { Session } from "../session.ts";
import { DRY_RUN, dryRuns, planText } from "./_dry-run.ts";
import { isConfirmed, pruneFilters, pruneReport } from "./_prune.ts";
import { imageLines } from "./image-prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    all: bool("Also remove images that have names when no container uses them", { short: "a" }),
    "dry-run": DRY_RUN,
    filter: filter('Remove only what meets these conditions (such as "until=24h")'),
    force: bool("Do not ask", { short: "f" }),
    volumes: bool("Also remove unnamed volumes"),
  },
  async run({ session, flags }) {
    if (flags.volumes && flags.filter.until)
      throw new CliError('ERROR: The "until" filter is not supported with "--volumes"');
    const filters = pruneFilters(session, flags.filter);
    if (flags["dry-run"]) return await session.print(planText(await plans(session, filters, flags)));
    if (!(await isConfirmed(session, flags.force, warningOf(flags, filters)))) return;
    const client = await session.client();
    let reclaimed = 0;
    for (const prune of STEPS) {
      const { report, bytes } = await prune(client, { filters, all: flags.all, volumes: flags.volumes });
      reclaimed += bytes;
      await session.print(report);
    }
    await session.print(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
  },
});

/** As the steps below, each as if those before it had been done; build caches are not planned. */
async function plans(
  session: Session,
  filters: Filters,
  { all, volumes }: { readonly all: boolean; readonly volumes: boolean },
): Promise<DeletionPlan[]> {
  const runs = await dryRuns(session);
  return [
    await runs.prune("containers", filters),
    await runs.prune("networks", filters),
    ...(volumes ? [await runs.prune("volumes", filters, filters)] : []),
    await runs.prune("images", { ...filters, dangling: [String(!all)] }, filters),
  ];
}

interface PruneChoice {
  readonly all: boolean;
  readonly volumes: boolean;
  readonly filters: Filters;
}

interface Pruned {
  readonly report: string;
  readonly bytes: number;
}

const NOTHING: Pruned = { report: "", bytes: 0 };

/** Containers go first: they are what keeps the rest in use. */
const STEPS: readonly ((client: Client, choice: PruneChoice) => Promise<Pruned>)[] = [
  async ({ containers }, { filters }) => {
    const { ContainersDeleted, SpaceReclaimed } = await containers.prune(filters);
    return { report: pruneReport("Deleted Containers", ContainersDeleted), bytes: SpaceReclaimed };
  },
  async ({ networks }, { filters }) => {
    const { NetworksDeleted } = await networks.prune(filters);
    return { report: pruneReport("Deleted Networks", NetworksDeleted), bytes: 0 };
  },
  async ({ volumes }, { filters, volumes: wanted }) => {
    if (!wanted) return NOTHING;
    const { VolumesDeleted, SpaceReclaimed } = await volumes.prune(filters);
    return { report: pruneReport("Deleted Volumes", VolumesDeleted), bytes: SpaceReclaimed };
  },
  async ({ images }, { filters, all }) => {
    const { ImagesDeleted, SpaceReclaimed } = await images.prune({ ...filters, dangling: [String(!all)] });
    return { report: pruneReport("Deleted Images", imageLines(ImagesDeleted)), bytes: SpaceReclaimed };
  },
  async ({ system }, { filters, all }) => {
    try {
      const { CachesDeleted, SpaceReclaimed } = await system.pruneBuildCache({ all, filters });
      return { report: pruneReport("Deleted build cache objects", CachesDeleted), bytes: SpaceReclaimed };
    } catch (error) {
      if (error instanceof NotFound || error instanceof NotImplemented) return NOTHING; // an engine that does not build
      throw error;
    }
  },
];

function warningOf(
  { all, volumes }: { readonly all: boolean; readonly volumes: boolean },
  filters: Filters,
): string {
  const items = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
    all ? "all build cache" : "unused build cache",
  ];
  const conditions = Object.entries(filters).flatMap(([key, values]) =>
    values.map((value) => `${key}=${value}`),
  );
  const filtered =
    conditions.length > 0
      ? `\n  Items to be pruned will be filtered with:\n${bullets(conditions.sort())}`
      : "";
  return `This will remove:\n${bullets(items)}${filtered}`;
}

function bullets(items: readonly string[]): string {
  return items.map((item) => `  - ${item}\n`).join("");
}
