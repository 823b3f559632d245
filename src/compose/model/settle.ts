/** Which files a project is made of, where it stands and what variables it sees, before any of its files is read. */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { type FetchRemote, isRemote } from "../remote/reference.ts";
import { isFile, readEnvFile } from "./env-files.ts";
import type { LoadOptions } from "./types.ts";

/** In the order they are preferred. */
export const FILE_NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDE_NAMES = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

export interface Settled {
  /** Absolute, or "-"; of remote ones the copies. */
  readonly files: readonly string[];
  readonly projectDirectory: string;
  /** What relative paths begin at: the project's directory, or where the copy of a remote file is. */
  readonly pathDirectory: string;
  readonly environment: Map<string, string>;
  readonly profiles: readonly string[];
  /** What an option or a variable says; the files' `name` is asked only without it. */
  readonly explicitName: string | undefined;
}

/** @throws NotFound when there is no Compose file; InvalidArgument, ComposeFileError for env files */
export async function settle(options: LoadOptions, fetchRemote: FetchRemote): Promise<Settled> {
  const environment = processEnvironment(options);
  const given = options.files ?? [];
  await addEnvFiles(environment, options, directoryOf(options, given));
  const named = await findFiles(options, environment);
  if (named.length === 0) throw new NotFound("no configuration file provided: not found");
  const projectDirectory = directoryOf(options, named);
  await addEnvFiles(environment, options, projectDirectory);
  const files = await Promise.all(named.map((file) => (isRemote(file) ? fetchRemote(file) : file)));
  const beginsRemote = isRemote(named[0]!) && !options.projectDirectory;
  return {
    files,
    projectDirectory,
    pathDirectory: beginsRemote ? dirname(files[0]!) : projectDirectory,
    environment,
    profiles: profilesOf(options, environment),
    explicitName: explicitName(options, environment),
  };
}

function processEnvironment({ environment, currentDirectory }: LoadOptions): Map<string, string> {
  const known = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) known.set(name, value);
  if (!known.has("PWD")) known.set("PWD", currentDirectory);
  return known;
}

/** `--project-directory`, or where the first file of this machine is. */
function directoryOf({ projectDirectory, currentDirectory }: LoadOptions, files: readonly string[]): string {
  if (projectDirectory) return resolve(currentDirectory, projectDirectory);
  const first = files.find((file) => file !== "-" && !isRemote(file));
  return first === undefined ? currentDirectory : dirname(resolve(currentDirectory, first));
}

/** What is set already is kept: the process's variables win, and files named earlier win over a later .env. */
async function addEnvFiles(
  known: Map<string, string>,
  options: LoadOptions,
  directory: string,
): Promise<void> {
  const { warn = () => {} } = options;
  const added = new Map<string, string>();
  for (const file of await envFilesOf(options, known, directory)) {
    await readEnvFile(file, added, {
      lookup: (name) => known.get(name) ?? added.get(name),
      onUnset: (name) => warn(`The "${name}" variable is not set. Defaulting to a blank string.`),
    });
  }
  for (const [name, value] of added) if (!known.has(name)) known.set(name, value);
}

async function envFilesOf(
  { envFiles, currentDirectory, environment }: LoadOptions,
  known: ReadonlyMap<string, string>,
  directory: string,
): Promise<readonly string[]> {
  const fromVariable = (environment.COMPOSE_ENV_FILES ?? "").split(",").filter((file) => file !== "");
  const named = envFiles?.length ? envFiles : fromVariable;
  if (named.length > 0)
    return named.map((file) => resolve(currentDirectory, expandHome(file, known.get("HOME"))));
  if (isSwitchedOff(environment.COMPOSE_DISABLE_ENV_FILE)) return [];
  const standard = join(directory, ".env");
  return (await isFile(standard)) ? [standard] : [];
}

function expandHome(file: string, home: string | undefined): string {
  return file.startsWith("~") && home !== undefined ? join(home, file.slice(1)) : file;
}

function isSwitchedOff(text: string | undefined): boolean {
  if (text === undefined) return false;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new InvalidArgument(`COMPOSE_DISABLE_ENV_FILE must be true or false, not "${text}"`);
}

async function findFiles(options: LoadOptions, known: ReadonlyMap<string, string>): Promise<string[]> {
  const { files = [], currentDirectory } = options;
  const named = files.length > 0 ? files : filesOfVariable(known);
  if (named.length > 0)
    return named.map((file) => (file === "-" || isRemote(file) ? file : resolve(currentDirectory, file)));
  return await searchUpward(directoryOf(options, []), options.warn ?? (() => {}));
}

function filesOfVariable(known: ReadonlyMap<string, string>): string[] {
  const list = known.get("COMPOSE_FILE");
  if (list === undefined || list === "") return [];
  return list.split(known.get("COMPOSE_PATH_SEPARATOR") || ":");
}

async function searchUpward(start: string, warn: (text: string) => void): Promise<string[]> {
  for (let directory = start; ; directory = dirname(directory)) {
    const found = await present(FILE_NAMES, directory);
    if (found.length > 0) {
      const overrides = await present(OVERRIDE_NAMES, directory);
      warnOfSeveral(found, "config files", warn);
      warnOfSeveral(overrides, "override files", warn);
      return [found[0]!, ...overrides.slice(0, 1)];
    }
    if (dirname(directory) === directory) return [];
  }
}

async function present(names: readonly string[], directory: string): Promise<string[]> {
  const paths = names.map((name) => join(directory, name));
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_, index) => found[index]);
}

function warnOfSeveral(found: readonly string[], what: string, warn: (text: string) => void): void {
  if (found.length < 2) return;
  warn(`Found multiple ${what} with supported names: ${found.join(", ")}`);
  warn(`Using ${found[0]}`);
}

function profilesOf({ profiles = [] }: LoadOptions, known: ReadonlyMap<string, string>): string[] {
  if (profiles.length > 0) return [...profiles];
  return (known.get("COMPOSE_PROFILES") ?? "")
    .split(",")
    .map((profile) => profile.trim())
    .filter((profile) => profile !== "");
}

function explicitName({ projectName }: LoadOptions, known: ReadonlyMap<string, string>): string | undefined {
  const name = projectName || known.get("COMPOSE_PROJECT_NAME") || undefined;
  if (name !== undefined && normalizeName(name) !== name) {
    throw new InvalidArgument(
      `invalid project name "${name}": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number`,
    );
  }
  return name;
}

/** What of a text can be a project's name: "My App" is "myapp". */
export function normalizeName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}
