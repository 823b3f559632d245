import { NotFound } from "#base/errors.ts";
import type { Client } from "#client/client.ts";
import { ANY_ARGUMENTS, defineCommand } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { formatRows } from "../format/rows.ts";
import type { Session } from "../session.ts";
import { FORMAT_TEXT } from "./_format-text.ts";
import { type StatsRow, type StatsSample, statsListing, statsRow, unknownStats } from "./_stats.ts";

const REDRAW_MS = 500;

export const command = defineCommand({
  usage: "[OPTIONS] [CONTAINER...]",
  arguments: ANY_ARGUMENTS,
  completes: "containers",
  flags: {
    all: bool("Also show containers that are not running", { short: "a" }),
    format: string(FORMAT_TEXT),
    "no-stream": bool("Show one sample and end"),
    "no-trunc": bool("Show everything in full"),
  },
  async run({ session, args, flags }) {
    const client = await session.client();
    const listing = statsListing(flags["no-trunc"]);
    const format = flags.format || (session.config.statsFormat ?? "");
    const show = (rows: readonly StatsRow[]) => formatRows(rows, listing, { format });
    if (flags["no-stream"]) {
      const rows =
        (await sampleTogether(client, args, flags.all)) ?? (await sampleEach(client, args, flags.all));
      return await session.print(await show(rows.filter((row) => row !== undefined)));
    }
    await followAll(session, { names: args, all: flags.all, show });
  },
});

async function namesToShow(
  { containers }: Client,
  names: readonly string[],
  all: boolean,
): Promise<readonly string[]> {
  return names.length > 0 ? names : (await containers.list({ all })).map(({ Id }) => Id.slice(0, 12));
}

/** In one request. Undefined where the engine has no such request, or does not know one of the names: others tell that. */
async function sampleTogether(
  { containers }: Client,
  names: readonly string[],
  all: boolean,
): Promise<(StatsRow | undefined)[] | undefined> {
  try {
    const samples = (await containers.statsOfMany(names, all)) as (StatsSample | null)[];
    return samples.map((sample, at) =>
      sample ? statsRow(names[at] ?? sample.id?.slice(0, 12) ?? "", sample) : undefined,
    );
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

async function sampleEach(
  client: Client,
  names: readonly string[],
  all: boolean,
): Promise<(StatsRow | undefined)[]> {
  const shown = await namesToShow(client, names, all);
  return await Promise.all(shown.map((name) => sampleOnce(client, name)));
}

/** Undefined for a container that went away before it could be asked, unless the user named it. */
async function sampleOnce({ containers }: Client, name: string): Promise<StatsRow | undefined> {
  for await (const sample of containers.stats(name, { stream: false }))
    return statsRow(name, sample as StatsSample);
  return undefined;
}

interface Follow {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly show: (rows: readonly StatsRow[]) => Promise<string>;
}

/** Redraws the table as samples come. Without names, containers that start join it and those that end leave it. */
async function followAll(session: Session, { names, all, show }: Follow): Promise<void> {
  const client = await session.client();
  const rows = new Map<string, StatsRow>();
  const follow = (name: string) => {
    if (rows.has(name)) return;
    rows.set(name, unknownStats(name));
    followOne(client, name, (row) => rows.set(name, row)).finally(() => rows.delete(name));
  };
  if (names.length > 0) await Promise.all(names.map((name) => client.containers.inspect(name))); // tell of unknown names at once
  for (const name of await namesToShow(client, names, all)) follow(name);
  const onStart = names.length > 0 ? undefined : followStarts(client, follow);
  while (rows.size > 0 || onStart) {
    await session.print(`\x1b[2J\x1b[H${await show([...rows.values()])}`);
    await Bun.sleep(REDRAW_MS);
  }
}

async function followOne(
  { containers }: Client,
  name: string,
  onSample: (row: StatsRow) => void,
): Promise<void> {
  try {
    for await (const sample of containers.stats(name, { stream: true }))
      onSample(statsRow(name, sample as StatsSample));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
}

async function followStarts({ system }: Client, follow: (name: string) => void): Promise<void> {
  for await (const { Actor } of system.events({ filters: { type: ["container"], event: ["start"] } }))
    follow(Actor.ID.slice(0, 12));
}
