/** What `up`, `create`, `scale` and `run` have in common: flags, and what they make of a project. */
import { replicasOf } from "#compose/engine/plan/services.ts";
import type { RecreatePolicy } from "#compose/engine/plan/types.ts";
import type { Project } from "#compose/model/types.ts";
import { type ComposeSession, isTrue } from "../../compose/session.ts";
import { CliError } from "../../errors.ts";
import { bool, list, string } from "../../flag-kinds.ts";

export const BUILDING_COMES_LATER =
  "this version cannot build images; an image that is there already is used";

export const PULL_FLAG = string(
  'Fetch images first ("always", "missing", "never"); default: as services say',
  {
    type: "policy",
  },
);
export const QUIET_PULL_FLAG = bool("Do not show how far images have been fetched");
export const REMOVE_ORPHANS_FLAG = bool("Remove containers of services that the files do not define");
export const BUILD_FLAG = bool("Build images first");
export const NO_BUILD_FLAG = bool("Build nothing, whatever services say");
export const SCALE_FLAG = list("Number of containers of a service (SERVICE=NUM)", { type: "stringArray" });
export const YES_FLAG = bool("Answer every question with yes", { short: "y" });

export interface BuildFlags {
  readonly build: boolean;
  readonly "no-build"?: boolean;
}

/** @throws CliError when a build is asked for */
export function refuseBuild(flags: BuildFlags): void {
  if (flags.build && flags["no-build"]) throw new CliError("--build and --no-build are incompatible");
  if (flags.build) throw new CliError(`--build: ${BUILDING_COMES_LATER}`);
}

const PULL_POLICIES = ["always", "missing", "never", "build", "if_not_present", "policy", ""];

/** `--pull`; undefined: as services say. */
export function pullPolicyOf(text: string): string | undefined {
  if (!PULL_POLICIES.includes(text)) throw new CliError(`invalid --pull option ${JSON.stringify(text)}`);
  return text === "policy" || text === "" ? undefined : text;
}

export interface RecreateFlags {
  readonly "force-recreate": boolean;
  readonly "no-recreate": boolean;
  readonly "always-recreate-deps"?: boolean;
  readonly "renew-anon-volumes"?: boolean;
}

export interface RecreateChoice {
  readonly recreate: RecreatePolicy;
  readonly recreateDependencies: RecreatePolicy;
}

export function recreateChoice(flags: RecreateFlags): RecreateChoice {
  const never = flags["no-recreate"];
  const exclusive: [boolean | undefined, string][] = [
    [flags["force-recreate"], "--force-recreate and --no-recreate"],
    [flags["always-recreate-deps"], "--always-recreate-deps and --no-recreate"],
    [flags["renew-anon-volumes"], "--no-recreate and --renew-anon-volumes"],
  ];
  for (const [isGiven, names] of exclusive)
    if (never && isGiven) throw new CliError(`${names} are incompatible`);
  if (never) return { recreate: "never", recreateDependencies: "never" };
  return {
    recreate: flags["force-recreate"] || flags["renew-anon-volumes"] ? "force" : "diverged",
    recreateDependencies: flags["always-recreate-deps"] ? "force" : "diverged",
  };
}

/** "web=3" for each of `--scale`. @throws CliError */
export function parseScales(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name = "", count = ""] = text.split("=");
      if (name === "" || !/^\d+$/.test(count))
        throw new CliError(`invalid scale specifier: ${text}: write it as SERVICE=NUM`);
      return [name, Number(count)];
    }),
  );
}

/** The project with other numbers of replicas. @throws CliError for a service it does not have */
export function scaled(project: Project, scales: Readonly<Record<string, number>>): Project {
  const services = { ...project.services };
  for (const [name, scale] of Object.entries(scales)) {
    const service = services[name];
    if (!service) throw new CliError(`no such service: ${name}`);
    const { deploy, ...rest } = service;
    services[name] = { ...rest, scale, ...(deploy ? { deploy: { ...deploy, replicas: scale } } : {}) };
    replicasOf(services[name]);
  }
  return { ...project, services };
}

/** Orphans are not spoken of where the environment says so. */
export function ignoresOrphans(project: Project, removeOrphans: boolean): boolean {
  const ignores = isTrue(project.environment.COMPOSE_IGNORE_ORPHANS);
  if (ignores && removeOrphans)
    throw new CliError("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
  return ignores;
}

export function removesOrphans({ host }: ComposeSession, flag: boolean, isGiven: boolean): boolean {
  return isGiven ? flag : isTrue(host.env.COMPOSE_REMOVE_ORPHANS);
}

/** Seconds to stop in; absent: what each container was made with. */
export function stopTimeout(seconds: number, isGiven: boolean): { readonly stopTimeoutSeconds?: number } {
  return isGiven ? { stopTimeoutSeconds: seconds } : {};
}
