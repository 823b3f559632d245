/** What could come next on a command line of `compose`: verbs, flags, services and profiles of the project it means. */
import { LABEL } from "#compose/engine/labels.ts";
import { listProjectContainers } from "#compose/engine/observe.ts";
import type { Project } from "#compose/model/types.ts";
import { type AnyVerb, VERBS } from "../commands/compose/all.ts";
import { type Candidate, flagCandidates } from "../completion.ts";
import { type FlagSpecs, type ParsedFlags, parseFlags } from "../flags.ts";
import type { Session } from "../session.ts";
import { COMPOSE_FLAGS, type ComposeFlags, EVERY_VERB_FLAGS } from "./flags.ts";
import { ComposeSession } from "./session.ts";

/** @param before the whole words after "compose" @param typed the beginning of the one to complete */
export async function completeCompose(
  session: Session,
  before: readonly string[],
  typed: string,
): Promise<readonly Candidate[]> {
  const general = readFlags(before, COMPOSE_FLAGS, false);
  if (!general) return [];
  const names = new Names(session, general.parsed.values);
  const [name, ...rest] = general.parsed.rest;
  if (general.pending) return matching(await valuesOf(general.pending, names), typed);
  if (name === undefined)
    return typed.startsWith("-") ? flagCandidates(COMPOSE_FLAGS, typed) : verbCandidates(typed);
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name]! : undefined;
  if (!entry) return [];
  const { verb } = await entry.load();
  const specs: FlagSpecs = { ...EVERY_VERB_FLAGS, ...verb.flags };
  const own = readFlags(rest, specs, verb.interspersed ?? true);
  if (!own) return [];
  if (own.pending) return matching(await valuesOf(own.pending, names), typed);
  if (typed.startsWith("-")) return flagCandidates(specs, typed);
  const given = own.parsed.rest;
  if (!takesService(verb, given.length)) return [];
  return matching(
    (await names.services()).filter((service) => !given.includes(service)),
    typed,
  );
}

interface ReadFlags<F extends FlagSpecs> {
  readonly parsed: ParsedFlags<F>;
  /** The flag whose value comes next. */
  readonly pending?: string;
}

/** @returns undefined for words that no command line could have */
function readFlags<F extends FlagSpecs>(
  words: readonly string[],
  specs: F,
  interspersed: boolean,
): ReadFlags<F> | undefined {
  try {
    return { parsed: parseFlags(words, specs, { interspersed }) };
  } catch {
    const last = words.at(-1) ?? "";
    const pending = last.startsWith("--")
      ? last.slice(2)
      : Object.keys(specs).find((name) => specs[name]!.short === last.at(-1));
    try {
      return {
        parsed: parseFlags(words.slice(0, -1), specs, { interspersed }),
        ...(pending ? { pending } : {}),
      };
    } catch {
      return undefined;
    }
  }
}

function verbCandidates(typed: string): Candidate[] {
  return Object.entries(VERBS)
    .filter(([name, { isHidden }]) => !isHidden && name.startsWith(typed))
    .map(([word, { short }]) => ({ word, text: short }))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
}

/** As the usage says: "[SERVICE...]", or SERVICE as the first argument. */
function takesService({ usage }: AnyVerb, position: number): boolean {
  if (/\bSERVICE\.\.\./.test(usage)) return true;
  return position === 0 && /\bSERVICE\b(?!:)/.test(usage);
}

function matching(words: readonly string[], typed: string): Candidate[] {
  return words
    .filter((word) => word.startsWith(typed))
    .sort()
    .map((word) => ({ word, text: "" }));
}

/** Flags with values that can be listed; for all others the shell offers files. */
async function valuesOf(flag: string, names: Names): Promise<readonly string[]> {
  const rule = Object.hasOwn(VALUES, flag) ? VALUES[flag]! : undefined;
  return rule ? await rule(names) : [];
}

const services = (names: Names) => names.services();
const VALUES: Readonly<Record<string, (names: Names) => readonly string[] | Promise<readonly string[]>>> = {
  ansi: () => ["always", "auto", "never"],
  attach: services,
  "exit-code-from": services,
  "no-attach": services,
  profile: (names) => names.profiles(),
  progress: () => ["auto", "json", "plain", "quiet", "tty"],
  "project-name": (names) => names.projects(),
  pull: () => ["always", "missing", "never"],
  scale: async (names) => (await names.services()).map((name) => `${name}=`),
};

/** Names of what a command line means. What cannot be read has no names: nobody waits for an error behind a key. */
class Names {
  readonly #compose: ComposeSession;

  constructor(session: Session, flags: ComposeFlags) {
    this.#compose = new ComposeSession(session, flags, "wharf compose");
  }

  async services(): Promise<readonly string[]> {
    const project = await this.#project();
    if (project) return Object.keys({ ...project.services, ...project.disabledServices });
    const name = this.#compose.flags["project-name"];
    if (!name) return [];
    const containers = await listProjectContainers(await this.#compose.client(), name).catch(() => []);
    return [...new Set(containers.map(({ service }) => service))];
  }

  async profiles(): Promise<readonly string[]> {
    const project = await this.#project();
    const all = Object.values({ ...project?.services, ...project?.disabledServices });
    return [...new Set(all.flatMap(({ profiles = [] }) => profiles))];
  }

  async projects(): Promise<readonly string[]> {
    const { containers } = await this.#compose.client();
    const all = await containers.list({ all: true, filters: { label: [LABEL.project] } }).catch(() => []);
    return [...new Set(all.map(({ Labels }) => Labels?.[LABEL.project] ?? ""))];
  }

  /** Nothing is fetched and nothing said for a key that is pressed. */
  async #project(): Promise<Project | undefined> {
    const { loadProject } = await import("#compose/model/load.ts");
    const { fetchRemote: _, ...options } = this.#compose.loadOptions;
    return await loadProject({ ...options, warn: () => {}, resolveEnvironment: false }).catch(
      () => undefined,
    );
  }
}
