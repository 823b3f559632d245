/**
 * `include`: other projects' files, each with its own directory and variables, become part of this one.
 * @see https://github.com/compose-spec/compose-spec/blob/main/14-include.md
 */
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { isFile, readEnvFile } from "./env-files.ts";
import { applyResets, type FileScope, type Loading, localFile, unsetWarning } from "./load-file.ts";
import { loadModel } from "./load-model.ts";
import { fingerprint, mergeTrees } from "./merge.ts";
import { isMap, newMap, type Path, type Tree, type TreeMap } from "./tree.ts";

interface IncludeContext {
  readonly file: string;
  readonly loading: Loading;
  readonly scope: FileScope;
  readonly resets: readonly Path[];
}

interface Include {
  readonly paths: readonly string[];
  readonly projectDirectory?: string;
  readonly envFiles: readonly string[];
}

const SECTIONS = ["services", "jobs", "volumes", "networks", "secrets", "configs", "models"] as const;

/** Takes the resources in and the key out. */
export async function applyIncludes(tree: TreeMap, context: IncludeContext): Promise<void> {
  if (tree.include === undefined) return;
  for (const include of readIncludes(tree, context)) {
    const imported = await loadInclude(include, context);
    for (const section of SECTIONS) importSection(tree, imported, section, context);
  }
  delete tree.include;
}

function readIncludes(tree: TreeMap, { loading: { places } }: IncludeContext): Include[] {
  const value = tree.include!;
  if (value === null) return [];
  if (!Array.isArray(value)) throw places.error("`include` must be a list", tree, ["include"]);
  return value.map((entry, index) => {
    const map = isMap(entry) ? entry : newMap([["path", entry]]);
    const paths = texts(map.path);
    const isRight = paths.length > 0 && Object.keys(map).every((key) => KEYS.has(key));
    if (!isRight)
      throw places.error("must be a path, or have path, project_directory and env_file", tree, [
        "include",
        index,
      ]);
    const directory = map.project_directory;
    return {
      paths,
      projectDirectory: typeof directory === "string" && directory !== "" ? directory : undefined,
      envFiles: texts(map.env_file),
    };
  });
}

const KEYS = new Set(["path", "project_directory", "env_file"]);

function texts(value: Tree | undefined): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

async function loadInclude(include: Include, { file, loading, scope }: IncludeContext): Promise<TreeMap> {
  const files = await Promise.all(
    include.paths.map((path) => localFile(path, scope.absoluteDirectory, loading)),
  );
  const included = [...scope.included, file];
  if (included.includes(files[0]!)) {
    const [first, ...rest] = [...included, files[0]!];
    throw new InvalidArgument(`include cycle detected:\n${first}\n include ${rest.join("\n include ")}`);
  }
  const inner = directories(include, files[0]!, scope);
  const environment = await environmentOf(include, inner.absoluteDirectory, { loading, scope });
  const key = JSON.stringify([files, inner, [...environment].sort()]);
  const kept =
    loading.includes.get(key) ??
    loadModel(files, { loading, scope: { ...inner, environment, included, extended: new Map() } });
  loading.includes.set(key, kept);
  return loading.places.clone(await kept);
}

function directories(
  { projectDirectory }: Include,
  firstFile: string,
  scope: FileScope,
): Pick<FileScope, "directory" | "absoluteDirectory"> {
  if (projectDirectory !== undefined && isAbsolute(projectDirectory))
    return { directory: projectDirectory, absoluteDirectory: projectDirectory };
  const absoluteDirectory =
    projectDirectory === undefined ? dirname(firstFile) : join(scope.absoluteDirectory, projectDirectory);
  return { directory: relative(scope.absoluteDirectory, absoluteDirectory) || ".", absoluteDirectory };
}

/** The including project's variables win over those of the include's own files. */
async function environmentOf(
  { envFiles }: Include,
  directory: string,
  { loading, scope }: { loading: Loading; scope: FileScope },
): Promise<Map<string, string>> {
  const own = new Map<string, string>();
  const standard = join(directory, ".env");
  const files = envFiles.length > 0 ? envFiles : (await isFile(standard)) ? [standard] : [];
  for (const path of files) {
    if (path === "/dev/null") continue;
    const file = resolve(scope.absoluteDirectory, path);
    if (!(await isFile(file)))
      throw new NotFound(`env file ${file} of an include is not there or not a file`);
    const lookup = (name: string) => scope.environment.get(name) ?? own.get(name);
    await readEnvFile(file, own, { lookup, onUnset: unsetWarning(loading) });
  }
  return new Map([...own, ...scope.environment]);
}

/** The including file may change what it includes; the same resource reached twice is one. */
function importSection(tree: TreeMap, imported: TreeMap, section: string, context: IncludeContext): void {
  const { places } = context.loading;
  const from = imported[section];
  if (from === undefined || !isMap(from)) return;
  const known = tree[section];
  const to = known !== undefined && isMap(known) ? known : newMap();
  for (const name of Object.keys(from)) {
    const resource = from[name]!;
    const own = to[name];
    if (own === undefined) {
      to[name] = resource;
      places.copy(from, name, to);
    } else if (fingerprint(own) !== fingerprint(resource)) {
      applyResets(newMap([[section, newMap([[name, resource]])]]), context.resets);
      to[name] = mergeTrees(resource, own, [section, name], places);
    }
  }
  tree[section] = to;
}
