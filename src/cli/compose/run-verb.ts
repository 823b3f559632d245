import { type AnyVerb, VERBS } from "../commands/compose/all.ts";
import { refuseVerb } from "../commands/compose/refused.ts";
import { CliError } from "../errors.ts";
import type { FlagSpecs } from "../flags.ts";
import { groupHelp } from "../help.ts";
import type { CliHost } from "../host.ts";
import { argumentComplaint, parseOrExplain } from "../parse-command.ts";
import type { Session } from "../session.ts";
import { COMPOSE_FLAGS, type ComposeFlags, EVERY_VERB_FLAGS } from "./flags.ts";
import { ComposeSession } from "./session.ts";

const PATH = "wharf compose";

interface Given {
  readonly flags: ComposeFlags;
  readonly given: ReadonlySet<string>;
}

/** @param args the verb and what follows it @returns the exit code */
export async function runVerb(session: Session, args: readonly string[], { flags }: Given): Promise<number> {
  const [name, ...rest] = args;
  const { host } = session;
  if (flags.version) {
    const { versionText } = await import("../commands/compose/version.ts");
    await session.print(versionText({ format: "", short: false }));
    return 0;
  }
  if (name === undefined || name === "help") return await showComposeHelp(host);
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name]! : undefined;
  if (!entry) refuseVerb(name);
  if (!entry)
    throw new CliError(
      `wharf: unknown command: ${PATH} ${name}\n\nRun '${PATH} --help' for more information`,
    );
  const { verb } = await entry.load();
  const path = `${PATH} ${name}`;
  const specs: FlagSpecs = { ...EVERY_VERB_FLAGS, ...verb.flags };
  const parsed = await parseOrExplain(host, rest, specs, {
    path,
    usage: verb.usage,
    interspersed: verb.interspersed ?? true,
  });
  if (typeof parsed === "number") return parsed;
  if (parsed.wantsHelp) return await showVerbHelp(host, path, { short: entry.short, verb, specs });
  const complaint = argumentComplaint(path, verb, parsed.rest.length);
  if (complaint) {
    await host.stderr.write(complaint);
    return 1;
  }
  for (const warning of parsed.warnings) await host.stderr.write(`${warning}\n`);
  const dryRun = flags["dry-run"] || parsed.values["dry-run"];
  if (dryRun && verb.noDryRun)
    throw new CliError(`${path}: --dry-run is not possible here: ${verb.noDryRun}`);
  const compose = new ComposeSession(session, { ...flags, "dry-run": dryRun }, path);
  return (await verb.run({ compose, args: parsed.rest, flags: parsed.values, given: parsed.given })) ?? 0;
}

interface VerbHelp {
  readonly short: string;
  readonly verb: AnyVerb;
  readonly specs: FlagSpecs;
}

async function showVerbHelp(host: CliHost, path: string, { short, verb, specs }: VerbHelp): Promise<number> {
  const { commandHelp } = await import("../help.ts");
  const width = host.stdout.size()?.width ?? 80;
  const entry = { names: [], short, load: () => Promise.reject() };
  await host.stdout.write(commandHelp(path, entry, { ...verb, flags: specs, run: async () => {} }, width));
  return 0;
}

/** The verbs and the flags before them. */
export async function showComposeHelp(host: CliHost): Promise<number> {
  const { flagLines } = await import("../help.ts");
  const rows = Object.entries(VERBS)
    .filter(([, entry]) => !entry.isHidden)
    .map(([name, { short }]) => [name, short] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const footer = `Options:\n${flagLines(COMPOSE_FLAGS, host.stdout.size()?.width ?? 80)}\n\nRun '${PATH} COMMAND --help' for more information on a command.`;
  await host.stdout.write(
    groupHelp(
      `${PATH} [OPTIONS] COMMAND`,
      "Applications of several containers, from Compose files",
      [{ title: "Commands", rows }],
      footer,
    ),
  );
  return 0;
}
