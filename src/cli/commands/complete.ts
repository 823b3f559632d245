import type { Client } from "#client/client.ts";
import { ANY_ARGUMENTS, type Command, defineCommand } from "../command.ts";
import { type Candidate, commandCandidates, flagCandidates } from "../completion.ts";
import { DEFAULT_CONTEXT } from "../endpoint.ts";
import { GLOBAL_FLAGS } from "../global-flags.ts";
import type { Session } from "../session.ts";
import { COMMANDS, findCommand, GROUPS } from "./all.ts";

export const command = defineCommand({
  usage: "[WORD...]",
  arguments: ANY_ARGUMENTS,
  interspersed: false,
  flags: {},
  async run({ session, args }) {
    const candidates = await candidatesFor(session, args.slice(0, -1), args.at(-1) ?? "");
    await session.print(candidates.map(({ word, text }) => `${word}\t${text}\n`).join(""));
  },
});

/** @param before the complete words @param typed the beginning of the word to complete */
async function candidatesFor(
  session: Session,
  before: readonly string[],
  typed: string,
): Promise<readonly Candidate[]> {
  const words = before.filter((word) => !word.startsWith("-"));
  const [first, second] = words;
  if (first === "compose") {
    const { completeCompose } = await import("../compose/completion.ts");
    return await completeCompose(session, before.slice(before.indexOf("compose") + 1), typed);
  }
  if (first === undefined)
    return typed.startsWith("-")
      ? flagCandidates(GLOBAL_FLAGS, typed)
      : commandCandidates({ entries: COMMANDS, groups: GROUPS }, typed);
  const found = findCommand(first, second);
  if (!found)
    return second === undefined
      ? commandCandidates({ entries: COMMANDS, groups: GROUPS, group: first }, typed)
      : [];
  const { command: target } = await found.entry.load();
  if (typed.startsWith("-")) return flagCandidates(target.flags, typed);
  const names = target.completes ? await NAMES[target.completes](session) : [];
  return names.filter((name) => name.startsWith(typed)).map((word) => ({ word, text: "" }));
}

const fromEngine = (list: (client: Client) => Promise<readonly string[]>) => async (session: Session) =>
  await list(await session.client());

/** What there is, by kind. */
const NAMES: Readonly<
  Record<NonNullable<Command["completes"]>, (session: Session) => Promise<readonly string[]>>
> = {
  containers: fromEngine(async ({ containers }) =>
    (await containers.list({ all: true })).flatMap(({ Names }) => Names.map((name) => name.slice(1))),
  ),
  images: fromEngine(async ({ images }) => (await images.list()).flatMap(({ RepoTags }) => RepoTags ?? [])),
  networks: fromEngine(async ({ networks }) => (await networks.list()).map(({ Name }) => Name)),
  volumes: fromEngine(async ({ volumes }) => ((await volumes.list()).Volumes ?? []).map(({ Name }) => Name)),
  plugins: fromEngine(async ({ plugins }) => (await plugins.list()).map(({ Name }) => Name)),
  contexts: async ({ configDirectory }) => {
    const { listContexts } = await import("../contexts.ts");
    return [DEFAULT_CONTEXT, ...listContexts(configDirectory).map(({ Name }) => Name)];
  },
};
