/** What `compose config` answers, as text. */
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { serviceHash } from "./hash.ts";
import { loadProject, loadProjectModel, resolveEnvironment, resolveLabels } from "./load.ts";
import { own } from "./own.ts";
import { imagesOnly, pinImages, pinTree, type ResolveDigest } from "./pin-images.ts";
import { printJson } from "./print-json.ts";
import { projectJson, projectYaml, treeText } from "./print-project.ts";
import { printAny } from "./print-tree.ts";
import { selectServices } from "./select.ts";
import { isMap, type TreeMap } from "./tree.ts";
import type { LoadOptions, Project } from "./types.ts";
import { type Variable, variablesOf, variablesTable } from "./variables.ts";

/** One question; "project" is the whole of it. */
export type ConfigQuestion =
  | "project"
  | "services"
  | "volumes"
  | "networks"
  | "models"
  | "hash"
  | "profiles"
  | "images"
  | "variables"
  | "environment";

export interface ConfigRequest {
  readonly question: ConfigQuestion;
  /** "", "yaml" or "json". */
  readonly format: string;
  /** Empty: all. */
  readonly services: readonly string[];
  /** Of whom the hash is asked: "*" or names with commas. */
  readonly hashOf: string;
  /** Resources that no service uses are kept. */
  readonly keepsUnused: boolean;
  /** Between a project's and a service's name: "-" or "_". */
  readonly separator: string;
  readonly resolveDigests: boolean;
  /** Nothing but images, to be merged over the project's own files. */
  readonly locksDigests: boolean;
}

export interface ConfigContext {
  readonly load: LoadOptions;
  readonly resolveDigest: ResolveDigest;
}

/** @throws what loading throws; InvalidArgument for an unknown format; NotFound for an unknown service */
export async function renderConfig(request: ConfigRequest, context: ConfigContext): Promise<string> {
  switch (request.question) {
    case "project":
      return await renderProject(request, context);
    case "variables":
      return await renderVariables(request, context);
    case "hash":
      return await renderHashes(request, context);
    case "services":
      return context.load.interpolate === false
        ? lines(Object.keys(section((await loadProjectModel(context.load)).tree, "services")))
        : await renderNames(request, context);
    default:
      return await renderNames(request, context);
  }
}

async function renderNames(request: ConfigRequest, { load }: ConfigContext): Promise<string> {
  const takesServices = ["profiles", "images", "environment"].includes(request.question);
  const loaded = await loadProject({ ...load, resolveEnvironment: false });
  const project = choose(loaded, takesServices ? request.services : [], request.keepsUnused);
  return lines(NAMES[request.question as keyof typeof NAMES](project, request));
}

const NAMES = {
  services: ({ services }) => Object.keys(services),
  volumes: ({ volumes }) => Object.keys(volumes),
  networks: ({ networks }) => Object.keys(networks),
  models: ({ models }) => Object.values(models).flatMap(({ model }) => (model ? [model] : [])),
  profiles: ({ services, disabledServices }) => [
    ...new Set(Object.values({ ...services, ...disabledServices }).flatMap(({ profiles = [] }) => profiles)),
  ],
  images: imagesOf,
  environment: ({ environment }) => Object.entries(environment).map(([name, value]) => `${name}=${value}`),
} satisfies Record<string, (project: Project, request: ConfigRequest) => string[]>;

/** A service that is built and has no image's name is called after itself. */
function imagesOf({ name, services, jobs }: Project, { separator }: ConfigRequest): string[] {
  const ofServices = Object.values(services).flatMap((service) => {
    const image = service.image || `${name}${separator}${service.name}`;
    const hooks = (service.pre_start ?? []).flatMap((hook) => (hook.image ? [hook.image] : []));
    return [image, ...hooks.filter((hook) => hook !== image)];
  });
  return [...ofServices, ...Object.values(jobs).map((job) => job.image || `${name}${separator}${job.name}`)];
}

function lines(texts: readonly string[]): string {
  return [...texts]
    .sort()
    .map((text) => `${text}\n`)
    .join("");
}

function choose(project: Project, services: readonly string[], keepsUnused: boolean): Project {
  return keepsUnused && services.length === 0 ? project : selectServices(project, services, "include");
}

async function renderHashes(request: ConfigRequest, { load }: ConfigContext): Promise<string> {
  const { hashOf, keepsUnused } = request;
  const names = hashOf === "*" ? [] : hashOf.split(",");
  const all = choose(await loadProject({ ...load, resolveEnvironment: false }), [], keepsUnused);
  const unknown = names.find((name) => !own(all.services, name));
  if (unknown !== undefined) throw new NotFound(`no such service: ${unknown}`);
  const chosen = names.length === 0 ? all : selectServices(all, names, "ignore");
  const project = await resolveFiles(chosen, load);
  return Object.keys(project.services)
    .sort()
    .map((name) => `${name} ${serviceHash(project.services[name]!)}\n`)
    .join("");
}

async function renderProject(request: ConfigRequest, context: ConfigContext): Promise<string> {
  const format = request.format || "yaml";
  if (format !== "yaml" && format !== "json") throw new InvalidArgument(`unsupported format "${format}"`);
  if (context.load.interpolate === false) return await renderTree(request, context, format);
  const loaded = await loadProject({ ...context.load, resolveEnvironment: false });
  let project = choose(loaded, request.services, request.keepsUnused);
  if (request.resolveDigests || request.locksDigests)
    project = await pinImages(project, context.resolveDigest);
  project = await resolveFiles(project, context.load);
  if (context.load.checkConsistency !== false) checkContainerNames(project);
  if (request.locksDigests) project = imagesOnly(project);
  const text = format === "json" ? projectJson(project) : projectYaml(project);
  return text.replaceAll("$", "$$$$"); // so that reading it again says the same
}

function resolveFiles(project: Project, { resolveEnvironment: reads, warn = () => {} }: LoadOptions) {
  return reads === false ? resolveLabels(project, warn) : resolveEnvironment(project, warn);
}

/** @throws InvalidArgument */
function checkContainerNames({ services }: Project): void {
  const taken = new Map<string, string>();
  for (const { name, container_name: container } of Object.values(services)) {
    if (!container) continue;
    const other = taken.get(container);
    if (other !== undefined)
      throw new InvalidArgument(
        `services.${name}: container name "${container}" is already in use by service ${other}`,
      );
    taken.set(container, name);
  }
}

async function renderTree(
  { resolveDigests, locksDigests, services }: ConfigRequest,
  { load, resolveDigest }: ConfigContext,
  format: "yaml" | "json",
): Promise<string> {
  if (services.length > 0)
    load.warn?.(
      "service filtering is not applied when --no-interpolate is set, the full model will be rendered",
    );
  const { tree } = await loadProjectModel(load);
  if (resolveDigests || locksDigests) await pinTree(tree, resolveDigest);
  if (!locksDigests) return treeText(tree, format);
  const pinned = Object.entries(section(tree, "services")).map(([name, service]) => [
    name,
    isMap(service) && service.image !== undefined ? { image: service.image } : {},
  ]);
  return treeText({ services: Object.fromEntries(pinned) }, format);
}

function section(tree: TreeMap, key: string): TreeMap {
  const value = tree[key];
  return value !== undefined && isMap(value) ? value : {};
}

async function renderVariables(
  { format, services }: ConfigRequest,
  { load }: ConfigContext,
): Promise<string> {
  if (services.length > 0)
    load.warn?.(
      "service filtering is not applied when --variables is set, variables from the full model will be rendered",
    );
  const { tree } = await loadProjectModel({ ...load, interpolate: false, validate: false });
  const variables = variablesOf(tree);
  if (format === "yaml") return variablesYaml(variables);
  if (format === "json") return `${variablesJson(variables)}\n\n`;
  if (format !== "") throw new InvalidArgument(`format value "${format}" could not be parsed`);
  return variablesTable(variables);
}

function variablesJson(variables: readonly Variable[]): string {
  const entries = variables.map(({ name, defaultValue, presenceValue, isRequired }) => {
    const node = {
      entries: [
        ["Name", name],
        ["DefaultValue", defaultValue],
        ["PresenceValue", presenceValue],
        ["Required", isRequired],
      ] as const,
    };
    return [name, node] as const;
  });
  return printJson({ entries }, "    ");
}

function variablesYaml(variables: readonly Variable[]): string {
  const quoted = (text: string) =>
    treeText({ k: printAny(text, { format: "yaml", order: () => 0 }) }, "yaml").slice(3, -1);
  if (variables.length === 0) return "{}\n";
  return variables
    .map(
      ({ name, defaultValue, presenceValue, isRequired }) =>
        `${quoted(name)}:\n    name: ${quoted(name)}\n    defaultvalue: ${quoted(defaultValue)}\n    presencevalue: ${quoted(presenceValue)}\n    required: ${isRequired}\n`,
    )
    .join("");
}
