/** The front door: from options to a typed project. */
import { basename } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import type { FetchRemote } from "../remote/reference.ts";
import { checkConsistency } from "./consistency.ts";
import { decodeFields } from "./decode.ts";
import { deepExtensions, splitExtensions } from "./extensions.ts";
import type { Field } from "./fields/kind.ts";
import { FILE_OBJECT_FIELDS, MODEL_FIELDS, NETWORK_FIELDS, VOLUME_FIELDS } from "./fields/project.ts";
import { JOB_FIELDS, SERVICE_FIELDS } from "./fields/service.ts";
import { goText } from "./go-text.ts";
import { type Loading, readProjectFile, unsetWarning } from "./load-file.ts";
import { loadModel, SECRET_VALUE } from "./load-model.ts";
import { normalize } from "./normalize.ts";
import { newRecord } from "./own.ts";
import { resolveServiceEnvironment, resolveServiceLabels } from "./resolve-environment.ts";
import { withProfiles } from "./select.ts";
import { normalizeName, type Settled, settle } from "./settle.ts";
import { substitute } from "./template.ts";
import { isMap, Places, type Tree, type TreeMap } from "./tree.ts";
import type { LoadOptions, Project, Service } from "./types.ts";
import { readYaml } from "./yaml-read.ts";

/** A project's tree and what is needed to say more about it. */
export interface LoadedModel {
  readonly tree: TreeMap;
  readonly settled: Settled;
  readonly projectName: string;
  readonly loading: Loading;
}

export async function loadProject(options: LoadOptions): Promise<Project> {
  const model = await loadProjectModel(options);
  const project = withProfiles(decodeProject(model), model.settled.profiles);
  if (options.checkConsistency !== false)
    checkConsistency({ project, root: model.tree, places: model.loading.places });
  const onUnset = unsetWarning(model.loading);
  const services = await mapServices(project.services, async (service) => {
    if (options.resolveEnvironment === false) return service;
    const labelled = await resolveServiceLabels(service, onUnset);
    return await resolveServiceEnvironment(labelled, { environment: project.environment, onUnset });
  });
  return { ...project, services };
}

/**
 * `env_file`s and `label_file`s read after all, for a project that was loaded without. First loaded, then reduced to the
 * services that are wanted, then this: so a file that only another service names may be missing.
 */
export async function resolveEnvironment(project: Project, warn: (text: string) => void): Promise<Project> {
  const onUnset = unsetWarning({ warn });
  const services = await mapServices(project.services, async (service) =>
    resolveServiceEnvironment(await resolveServiceLabels(service, onUnset), {
      environment: project.environment,
      onUnset,
    }),
  );
  return { ...project, services };
}

/** Only the `label_file`s. */
export async function resolveLabels(project: Project, warn: (text: string) => void): Promise<Project> {
  const onUnset = unsetWarning({ warn });
  const services = await mapServices(project.services, (service) => resolveServiceLabels(service, onUnset));
  return { ...project, services };
}

async function mapServices(
  services: Readonly<Record<string, Service>>,
  change: (service: Service) => Promise<Service>,
): Promise<Record<string, Service>> {
  const changed = newRecord<Service>();
  for (const [name, service] of Object.entries(services)) changed[name] = await change(service);
  return changed;
}

/** The merged, canonical tree, before it is typed. */
export async function loadProjectModel(options: LoadOptions): Promise<LoadedModel> {
  const fetchRemote = fetchOnce(options);
  const settled = await settle(options, fetchRemote);
  const loading = newLoading(options, settled, fetchRemote);
  const projectName = await nameOf(options, settled, loading);
  settled.environment.set("COMPOSE_PROJECT_NAME", projectName);
  const { pathDirectory, environment } = settled;
  const tree = await loadModel(settled.files, {
    loading,
    scope: {
      directory: pathDirectory,
      absoluteDirectory: pathDirectory,
      environment,
      included: [],
      extended: new Map(),
    },
    resolve: options.resolvePaths !== false,
  });
  if (Object.keys(tree).length === 0) throw new InvalidArgument("empty compose file");
  if (projectName === "") throw new InvalidArgument("project name must not be empty");
  if (options.normalize !== false) {
    const named = loading.interpolate ? environment : new Map<string, string>();
    normalize(tree, { projectName, environment: named, places: loading.places });
  }
  return { tree, settled, projectName, loading };
}

/** A file that is named twice is fetched once. */
function fetchOnce({ fetchRemote }: LoadOptions): FetchRemote {
  const fetched = new Map<string, Promise<string>>();
  return (reference) => {
    if (!fetchRemote) throw new InvalidArgument(`compose file ${reference} is not on this machine`);
    const path = fetched.get(reference) ?? fetchRemote(reference);
    fetched.set(reference, path);
    return path;
  };
}

function newLoading(options: LoadOptions, { environment }: Settled, fetchRemote: FetchRemote): Loading {
  let input: Promise<string> | undefined;
  const readInput = options.readStandardInput ?? (async () => "");
  return {
    places: new Places(),
    warn: once(options.warn ?? (() => {})),
    interpolate: options.interpolate !== false,
    validate: options.validate !== false,
    home: environment.get("HOME"),
    readStandardInput: () => {
      input ??= readInput();
      return input;
    },
    fetchRemote,
    filesRead: { count: 0 },
    includes: new Map(),
  };
}

/** The same thing is not said twice. */
function once(warn: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    warn(text);
  };
}

async function nameOf(options: LoadOptions, settled: Settled, loading: Loading): Promise<string> {
  if (settled.explicitName !== undefined) return settled.explicitName;
  const written = await writtenName(settled, loading);
  if (written === undefined) return normalizeName(basename(settled.projectDirectory));
  if (!loading.interpolate) return normalizeName(written);
  const text = substitute(written, {
    lookup: (name) => settled.environment.get(name),
    onUnset: unsetWarning(loading),
  });
  return options.normalize === false ? text : normalizeName(text);
}

/** `name:` of the last file that has one. */
async function writtenName({ files }: Settled, loading: Loading): Promise<string | undefined> {
  let name: string | undefined;
  for (const file of files) {
    const text = file === "-" ? await loading.readStandardInput() : await readProjectFile(file);
    for (const { tree } of readYaml(file, text, loading.places))
      if (isMap(tree) && typeof tree.name === "string" && tree.name !== "") name = tree.name;
  }
  return name;
}

function decodeProject({ tree, settled, projectName, loading }: LoadedModel): Project {
  const { places, warn } = loading;
  const section = <T>(key: string, fields: readonly Field[], isNamed = false): Record<string, T> => {
    const map = tree[key];
    const result = newRecord<T>();
    if (map === undefined || !isMap(map)) return result;
    for (const name of Object.keys(map)) {
      const value = map[name]!;
      const decoded = decodeFields(isMap(value) ? value : {}, fields, [key, name], {
        root: tree,
        places,
        warn,
      });
      result[name] = { extensions: {}, ...decoded, ...(isNamed ? { name } : {}) } as T;
    }
    return result;
  };
  const project: Project = {
    name: projectName,
    workingDirectory: settled.projectDirectory,
    files: settled.files,
    environment: Object.fromEntries(settled.environment),
    services: section("services", SERVICE_FIELDS, true),
    disabledServices: {},
    networks: section("networks", NETWORK_FIELDS),
    volumes: section("volumes", VOLUME_FIELDS),
    secrets: section("secrets", FILE_OBJECT_FIELDS),
    configs: section("configs", FILE_OBJECT_FIELDS),
    models: section("models", MODEL_FIELDS),
    jobs: section("jobs", JOB_FIELDS, true),
    disabledJobs: {},
    profiles: settled.profiles,
    extensions: deepExtensions(splitExtensions(tree).extensions),
  };
  return withSecretValues(withReplicas(project));
}

/** A secret's value came along as an extension, so that no other attribute could print it. */
function withSecretValues(project: Project): Project {
  const secrets = Object.fromEntries(
    Object.entries(project.secrets).map(([name, secret]) => {
      const { [SECRET_VALUE]: content, ...extensions } = secret.extensions;
      return [
        name,
        content === undefined ? secret : { ...secret, content: goText(content as Tree), extensions },
      ];
    }),
  );
  return { ...project, secrets };
}

/** `scale` goes into an existing `deploy.replicas`. */
function withReplicas(project: Project): Project {
  const services = Object.fromEntries(
    Object.entries(project.services).map(([name, service]) => {
      const { scale, deploy } = service;
      const isAlone = scale !== undefined && deploy !== undefined && deploy.replicas === undefined;
      return [name, isAlone ? { ...service, deploy: { ...deploy, replicas: scale } } : service];
    }),
  );
  return { ...project, services };
}
