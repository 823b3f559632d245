/** Whether what the parts of a project say of each other is true. */

import { own } from "./own.ts";
import type { Places, Tree } from "./tree.ts";
import { type Path, pathText } from "./tree.ts";
import type { Project, Service } from "./types.ts";

export interface CheckContext {
  readonly project: Project;
  readonly root: Tree;
  readonly places: Places;
}

/** @throws ComposeFileError the first thing that does not hold */
export function checkConsistency(context: CheckContext): void {
  const { project } = context;
  for (const service of Object.values(project.services)) {
    const fail: Fail = (reason, ...path) => {
      throw failure(context, reason, ["services", service.name, ...path]);
    };
    for (const check of SERVICE_CHECKS) check(service, project, fail);
  }
  checkJobs(context);
  for (const [name, secret] of Object.entries(project.secrets)) {
    if (!secret.external && secret.file === undefined && secret.environment === undefined && !secret.driver)
      throw failure(context, `secret "${name}" must declare either \`file\` or \`environment\``, [
        "secrets",
        name,
      ]);
  }
  checkCycles(context);
}

function failure({ places, root }: CheckContext, reason: string, path: Path) {
  return places.errorAt(reason, places.find(root, path), pathText(path));
}

type Fail = (reason: string, ...path: (string | number)[]) => never;
type ServiceCheck = (service: Service, project: Project, fail: Fail) => void;

const SERVICE_CHECKS: readonly ServiceCheck[] = [
  (service, _, fail) => {
    if (!service.build && !service.image && !service.provider)
      fail(`service "${service.name}" has neither an image nor a build context specified`);
  },
  checkBuild,
  checkNetworks,
  (service, _, fail) => {
    const first = service.healthcheck?.test?.[0];
    if (first !== undefined && !["CMD", "CMD-SHELL", "NONE"].includes(first))
      fail('healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"', "healthcheck", "test");
  },
  checkDependencies,
  checkReferences,
  checkScale,
  checkLimits,
  checkWatch,
  checkMountTargets,
];

function checkBuild(service: Service, project: Project, fail: Fail): void {
  const { build, name, platform } = service;
  if (!build) return;
  if (build.dockerfile_inline && build.dockerfile)
    fail(`service "${name}" declares mutually exclusive dockerfile and dockerfile_inline`, "build");
  for (const [key, context] of Object.entries(build.additional_contexts ?? {})) {
    if (!context.startsWith("service:")) continue;
    const target = context.slice("service:".length);
    const other = own(project.services, target) ?? own(project.disabledServices, target);
    if (!other)
      fail(`service "${name}" declares unknown service "${target}" as additional contexts ${key}`, "build");
    else if (!other.build)
      fail(
        `service "${name}" declares non-buildable service "${target}" as additional contexts ${key}`,
        "build",
      );
  }
  if (build.platforms?.length && platform && !build.platforms.includes(platform))
    fail(`service.build.platforms MUST include service.platform "${platform}"`, "build", "platforms");
}

function checkNetworks(service: Service, project: Project, fail: Fail): void {
  const networks = Object.keys(service.networks ?? {});
  if (service.network_mode && networks.length > 0)
    fail(
      `service ${service.name} declares mutually exclusive \`network_mode\` and \`networks\``,
      "network_mode",
    );
  for (const network of networks)
    if (!own(project.networks, network))
      fail(`service "${service.name}" refers to undefined network ${network}`, "networks", network);
  if (!service.network_mode?.startsWith("service:")) return;
  const target = service.network_mode.slice("service:".length);
  if (!own(project.services, target))
    fail(`service "${target}" not found for network_mode 'service:${target}'`, "network_mode");
}

function checkDependencies(service: Service, project: Project, fail: Fail): void {
  for (const [name, { required }] of Object.entries(service.depends_on ?? {})) {
    if (own(project.services, name) || (own(project.disabledServices, name) && !required)) continue;
    if (own(project.jobs, name))
      fail(
        `service "${service.name}" cannot depend on job "${name}": services can only depend on other services`,
        "depends_on",
        name,
      );
    const isOff = own(project.disabledServices, name) !== undefined;
    const why = isOff ? " (none of its profiles is active)" : "";
    fail(`service "${service.name}" depends on undefined service "${name}"${why}`, "depends_on", name);
  }
}

function checkReferences(service: Service, project: Project, fail: Fail): void {
  const { name } = service;
  for (const [index, { type, source }] of (service.volumes ?? []).entries())
    if (type === "volume" && source && !own(project.volumes, source))
      fail(`service "${name}" refers to undefined volume ${source}`, "volumes", index);
  for (const [index, { source }] of (service.build?.secrets ?? []).entries())
    if (!own(project.secrets, source))
      fail(`service "${name}" refers to undefined build secret ${source}`, "build", "secrets", index);
  for (const [index, { source }] of (service.configs ?? []).entries())
    if (!own(project.configs, source))
      fail(`service "${name}" refers to undefined config ${source}`, "configs", index);
  for (const model of Object.keys(service.models ?? {}))
    if (!own(project.models, model))
      fail(`service "${name}" refers to undefined model ${model}`, "models", model);
  for (const [index, { source }] of (service.secrets ?? []).entries())
    if (!own(project.secrets, source))
      fail(`service "${name}" refers to undefined secret ${source}`, "secrets", index);
}

function checkScale(service: Service, _: Project, fail: Fail): void {
  const { scale, deploy } = service;
  const replicas = deploy?.replicas;
  if (scale !== undefined && replicas !== undefined && scale !== replicas)
    fail("can't set distinct values on 'scale' and 'deploy.replicas'", "scale");
  if ((scale ?? 0) < 0) fail("must be greater than or equal to 0", "scale");
  if ((replicas ?? 0) < 0) fail("must be greater than or equal to 0", "deploy", "replicas");
  const attribute = scale === undefined ? "deploy.replicas" : "scale";
  if ((scale ?? replicas ?? 1) > 1 && service.container_name)
    fail(`can't set container_name and ${attribute} as container name must be unique`, "container_name");
}

function checkLimits(service: Service, _: Project, fail: Fail): void {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const pairs = [
    { key: "cpus", own: service.cpus, other: limits, value: limits?.cpus, path: "limits.cpus" },
    { key: "mem_limit", own: service.mem_limit, other: limits, value: limits?.memory, path: "limits.memory" },
    {
      key: "mem_reservation",
      own: service.mem_reservation,
      other: reservations,
      value: reservations?.memory,
      path: "reservations.memory",
    },
    { key: "pids_limit", own: service.pids_limit, other: limits, value: limits?.pids, path: "limits.pids" },
  ];
  for (const { key, own, other, value, path } of pairs)
    if (own && other && own !== (value ?? 0))
      fail(`can't set distinct values on '${key}' and 'deploy.resources.${path}'`, key);
}

function checkWatch(service: Service, _: Project, fail: Fail): void {
  for (const [index, { action, target }] of (service.develop?.watch ?? []).entries())
    if (!target && action !== "rebuild" && action !== "restart")
      fail("target is required for non-rebuild actions", "develop", "watch", index);
}

function checkMountTargets(service: Service, _: Project, fail: Fail): void {
  const mounted = new Map<string, string>();
  const take = (target: string, key: string, index: number) => {
    const earlier = mounted.get(target);
    if (earlier) fail(`target ${target} already mounted as ${earlier}`, key, index);
    mounted.set(target, `services.${service.name}.${key}[${index}]`);
  };
  for (const [index, tmpfs] of (service.tmpfs ?? []).entries()) take(tmpfs.split(":")[0]!, "tmpfs", index);
  for (const [index, { target }] of (service.volumes ?? []).entries()) take(target, "volumes", index);
}

function checkJobs(context: CheckContext): void {
  const { project } = context;
  for (const name of Object.keys({ ...project.jobs, ...project.disabledJobs })) {
    if (own(project.services, name) || own(project.disabledServices, name))
      throw failure(
        context,
        `"${name}" is declared both as a service and a job: service and job names must be unique`,
        ["jobs", name],
      );
  }
  for (const [name, job] of Object.entries(project.jobs)) {
    for (const [other, { required }] of Object.entries(job.depends_on ?? {})) {
      const isThere = own(project.jobs, other) ?? own(project.services, other);
      if (isThere || (own(project.disabledServices, other) && !required)) continue;
      const path = ["jobs", name, "depends_on", other];
      throw failure(context, `job "${name}" depends on undefined service or job "${other}"`, path);
    }
  }
}

function checkCycles(context: CheckContext): void {
  const { services } = context.project;
  const done = new Set<string>();
  const visit = (name: string, chain: readonly string[]): void => {
    if (chain.includes(name)) {
      const circle = [...chain.slice(chain.indexOf(name)), name].join(" -> ");
      throw failure(context, `dependency cycle detected: ${circle}`, [
        "services",
        chain.at(-1)!,
        "depends_on",
        name,
      ]);
    }
    if (done.has(name)) return;
    for (const next of Object.keys(own(services, name)?.depends_on ?? {}).sort())
      visit(next, [...chain, name]);
    done.add(name);
  };
  for (const name of Object.keys(services).sort()) visit(name, []);
}
