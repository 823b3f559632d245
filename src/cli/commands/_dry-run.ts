/** `--dry-run` of removals and prunes. */
import { DryRuns } from "#client/dry-run.ts";
import type { DeletionPlan } from "#spec/deletion-plan.ts";
import { CliError, shownMessage } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { humanSize } from "../format/human.ts";
import type { Session } from "../session.ts";

export const DRY_RUN = bool("Only print what would be removed");

/** @throws CliError when the engine is another's: it would not know the parameter and remove */
export async function dryRuns(session: Session): Promise<DryRuns> {
  const client = await session.client();
  const { Platform } = await client.system.version();
  if (Platform?.Name !== "wharf")
    throw new CliError("--dry-run needs a wharf engine: this one would remove what it is asked about");
  return new DryRuns(client.http);
}

/**
 * Plans the removal of one after the other, each as if those before it had gone.
 * @param plan gets what was planned so far
 * @param mayFail failures that are told but do not count
 * @returns 1 when something failed
 */
export async function planInTurn(
  session: Session,
  names: readonly string[],
  plan: (name: string, earlier: readonly Planned[]) => Promise<DeletionPlan>,
  mayFail: (error: unknown) => boolean = () => false,
): Promise<number> {
  const planned: Planned[] = [];
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      planned.push({ name, plan: await plan(name, planned) });
    } catch (error) {
      failures.push(error);
    }
  }
  await session.print(planText(planned.map((one) => one.plan)));
  if (failures.length > 0) await session.warn(`${failures.map(shownMessage).join("\n")}\n`);
  return failures.some((error) => !mayFail(error)) ? 1 : 0;
}

export interface Planned {
  readonly name: string;
  readonly plan: DeletionPlan;
}

/** All that would go, by kind, and the room that would come free. */
export function planText(plans: readonly DeletionPlan[]): string {
  const bytes = plans.reduce((sum, { SpaceReclaimed }) => sum + SpaceReclaimed, 0);
  return [
    section("containers", linesOf(plans, "ContainersDeleted")),
    section("networks", linesOf(plans, "NetworksDeleted")),
    section("volumes", linesOf(plans, "VolumesDeleted")),
    section("images", imageLines(plans)),
    `Total space that would be reclaimed: ${humanSize(bytes)}\n`,
  ].join("");
}

function linesOf(
  plans: readonly DeletionPlan[],
  kind: "ContainersDeleted" | "NetworksDeleted" | "VolumesDeleted",
): string[] {
  return plans.flatMap((plan) => plan[kind] ?? []);
}

function imageLines(plans: readonly DeletionPlan[]): string[] {
  return plans
    .flatMap(({ ImagesDeleted }) => ImagesDeleted ?? [])
    .map(({ Untagged, Deleted }) => (Untagged ? `untag: ${Untagged}` : `delete: ${Deleted}`));
}

function section(kind: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `Would remove ${kind}:\n${lines.join("\n")}\n\n`;
}
