/** Profiles, and projects reduced to some of their services. Pure. */
import { NotFound } from "#base/errors.ts";
import { own } from "./own.ts";
import type { Dependencies, Project, Service } from "./types.ts";

/** Whether something with these profiles takes part. */
export function isActive(declared: readonly string[] | undefined, active: readonly string[]): boolean {
  if (!declared?.length || active.includes("*")) return true;
  return declared.some((profile) => active.includes(profile));
}

/** The project with exactly these profiles active. */
export function withProfiles(project: Project, profiles: readonly string[]): Project {
  const services = { ...project.services, ...project.disabledServices };
  const jobs = { ...project.jobs, ...project.disabledJobs };
  const [on, off] = divide(services, ({ profiles: declared }) => isActive(declared, profiles));
  const [jobsOn, jobsOff] = divide(jobs, ({ profiles: declared }) => isActive(declared, profiles));
  return {
    ...project,
    services: on,
    disabledServices: off,
    jobs: jobsOn,
    disabledJobs: jobsOff,
    profiles: [...profiles],
  };
}

function divide<T>(
  all: Readonly<Record<string, T>>,
  test: (value: T) => boolean,
): [Record<string, T>, Record<string, T>] {
  const entries = Object.entries(all);
  const matching = (wanted: boolean) =>
    Object.fromEntries(entries.filter(([, value]) => test(value) === wanted));
  return [matching(true), matching(false)];
}

export function selectServices(
  project: Project,
  names: readonly string[],
  dependencies: Dependencies = "include",
): Project {
  if (names.length === 0) return withoutUnused(project);
  const enabled = enable(project, names);
  const selected = reach(enabled, names, dependencies);
  const [services, others] = divide(enabled.services, ({ name }) => selected.has(name));
  return withoutUnused({
    ...enabled,
    services: mapValues(services, (service) => withDependenciesIn(service, selected)),
    disabledServices: { ...enabled.disabledServices, ...others },
  });
}

/** A service that is named is wanted: its profiles become active. */
function enable(project: Project, names: readonly string[]): Project {
  const more = names.flatMap((name) => own(project.disabledServices, name)?.profiles ?? []);
  return more.length === 0 ? project : withProfiles(project, [...project.profiles, ...more]);
}

function reach(project: Project, names: readonly string[], dependencies: Dependencies): Set<string> {
  const reached = new Set<string>();
  const queue = names.map((name) => ({ name, isRequired: true }));
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { name, isRequired } = next;
    if (reached.has(name)) continue;
    const service = own(project.services, name);
    if (!service) {
      if (isRequired) throw new NotFound(`no such service: ${name}`);
      continue;
    }
    reached.add(name);
    if (dependencies === "ignore") continue;
    for (const neighbour of neighbours(project, service, dependencies)) queue.push(neighbour);
  }
  return reached;
}

function neighbours(project: Project, service: Service, dependencies: "include" | "dependents") {
  if (dependencies === "include")
    return Object.entries(service.depends_on ?? {}).map(([name, { required }]) => ({
      name,
      isRequired: required,
    }));
  return Object.values(project.services)
    .filter((other) => own(other.depends_on, service.name))
    .map(({ name }) => ({ name, isRequired: true }));
}

function withDependenciesIn(service: Service, selected: ReadonlySet<string>): Service {
  if (!service.depends_on) return service;
  const kept = Object.entries(service.depends_on).filter(([name]) => selected.has(name));
  const { depends_on: _, ...rest } = service;
  return kept.length === 0 ? rest : { ...service, depends_on: Object.fromEntries(kept) };
}

function mapValues<T>(all: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]));
}

/** Networks, volumes, secrets, configs and models that a service uses. */
export function withoutUnused(project: Project): Project {
  const services = Object.values(project.services);
  const used = (names: (service: Service) => Iterable<string>) =>
    new Set(services.flatMap((one) => [...names(one)]));
  const sources = (list: readonly { readonly source: string }[] = []) => list.map(({ source }) => source);
  return {
    ...project,
    networks: only(
      project.networks,
      used(({ networks }) => Object.keys(networks ?? {})),
    ),
    volumes: only(project.volumes, used(volumesOf)),
    secrets: only(
      project.secrets,
      used(({ secrets, build }) => [...sources(secrets), ...sources(build?.secrets)]),
    ),
    configs: only(
      project.configs,
      used(({ configs }) => sources(configs)),
    ),
    models: only(
      project.models,
      used(({ models }) => Object.keys(models ?? {})),
    ),
  };
}

function volumesOf({ volumes = [] }: Service): string[] {
  return volumes.flatMap(({ type, source }) => (type === "volume" && source ? [source] : []));
}

function only<T>(all: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}
