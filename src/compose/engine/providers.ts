/**
 * Services that are not containers but what a program beside the engine makes: `provider`. The program speaks lines of JSON
 * on its standard output; what it wants dependents to know becomes variables of their containers.
 * @see https://github.com/docker/compose/blob/main/docs/extension.md
 */
import { Conflict, InvalidArgument, messageOf } from "#base/errors.ts";
import type { Project, Service } from "../model/types.ts";
import { inDependencyOrder } from "./graph.ts";
import type { ComposeContext } from "./types.ts";

export interface ProviderCall {
  /** What the service says: a program's name, or a path from the project's directory. */
  readonly type: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** How a program ended; its lines have been handed on before. */
export interface ProviderEnd {
  readonly exitCode: number;
  /** What it wrote to standard error. */
  readonly words: string;
}

export type RunProvider = (call: ProviderCall, onLine: (line: string) => void) => Promise<ProviderEnd>;

type Context = Pick<ComposeContext, "runProvider" | "onProgress" | "dryRun">;

/**
 * The project without these services, and with their variables in the services that depend on them.
 * @throws Conflict when a program fails, InvalidArgument when it cannot be asked so
 */
export async function withProviders(context: Context, project: Project): Promise<Project> {
  const providers = inDependencyOrder(project).filter(({ provider }) => provider);
  if (providers.length === 0) return project;
  const services = { ...project.services };
  for (const service of providers) refuseContainersBefore(service, project);
  for (const service of providers) {
    const variables = await callProvider(context, project, { service, verb: "up" });
    delete services[service.name];
    for (const [name, dependent] of Object.entries(services))
      if (dependent.depends_on && Object.hasOwn(dependent.depends_on, service.name))
        services[name] = given(dependent, service.name, variables);
  }
  return { ...project, services };
}

/** Asks the program to take back what it made. */
export async function releaseProvider(context: Context, project: Project, service: Service): Promise<void> {
  await callProvider(context, project, { service, verb: "down" });
}

function refuseContainersBefore({ name, depends_on = {} }: Service, { services }: Project): void {
  const container = Object.keys(depends_on).find((other) => services[other] && !services[other].provider);
  if (container !== undefined)
    throw new InvalidArgument(
      `service "${name}" has a provider and depends on "${container}": providers come before all containers`,
      { hint: "Take the dependency out" },
    );
}

function given(dependent: Service, provider: string, variables: Readonly<Record<string, string>>): Service {
  const { [provider]: _, ...depends_on } = dependent.depends_on ?? {};
  const { depends_on: __, ...rest } = dependent;
  return {
    ...rest,
    ...(Object.keys(depends_on).length > 0 ? { depends_on } : {}),
    environment: { ...dependent.environment, ...variables },
  };
}

interface Call {
  readonly service: Service;
  readonly verb: "up" | "down";
}

const WORDS = {
  up: { working: "Creating", done: "Created" },
  down: { working: "Removing", done: "Removed" },
} as const;

async function callProvider(
  context: Context,
  project: Project,
  { service, verb }: Call,
): Promise<Record<string, string>> {
  const { onProgress, dryRun } = context;
  const id = service.name;
  const tell = (status: "working" | "done" | "error", text: string) => onProgress({ id, status, text });
  tell("working", WORDS[verb].working);
  const variables: Record<string, string> = {};
  let failure: string | undefined;
  const onLine = (line: string) => {
    const { type, message } = parseProviderLine(line, service);
    if (type === "info") tell("working", message);
    if (type === "error") failure ??= message;
    if (type === "setenv" || type === "rawsetenv")
      Object.assign(variables, variableOf(service, type, message));
  };
  try {
    if (!dryRun) {
      const end = await run(context, project, { service, verb, onLine });
      if (failure === undefined && end.exitCode !== 0)
        failure = end.words || `it ended with code ${end.exitCode}`;
    }
    if (failure !== undefined)
      throw new Conflict(`service "${id}": its provider ${service.provider!.type} failed: ${failure}`);
  } catch (error) {
    tell("error", messageOf(error));
    throw error;
  }
  tell("done", WORDS[verb].done);
  return variables;
}

async function run(
  { runProvider }: Context,
  project: Project,
  { service, verb, onLine }: Call & { readonly onLine: (line: string) => void },
): Promise<ProviderEnd> {
  const { type = "", options = {} } = service.provider!;
  const call = { type, directory: project.workingDirectory, environment: project.environment };
  let text = "";
  const asked = await runProvider({ ...call, args: ["compose", "metadata"] }, (line) => {
    text += `${line}\n`;
  });
  const known = asked.exitCode === 0 ? parametersOf(text, verb) : undefined;
  const missing = known?.find(({ name, required }) => required && !Object.hasOwn(options, name));
  if (missing)
    throw new InvalidArgument(
      `service "${service.name}": provider ${type} needs the option "${missing.name}"`,
    );
  const flags = Object.entries(options)
    .filter(([name]) => !known || known.some((parameter) => parameter.name === name))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`));
  const args = ["compose", `--project-name=${project.name}`, verb, ...flags, service.name];
  return await runProvider({ ...call, args }, onLine);
}

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
}

/** Pure. @returns undefined when the program does not say what it takes: then it gets all there is */
export function parametersOf(metadata: string, verb: "up" | "down"): readonly Parameter[] | undefined {
  try {
    const { parameters } = JSON.parse(metadata)[verb] as { parameters?: Parameter[] };
    return Array.isArray(parameters) && parameters.length > 0 ? parameters : undefined;
  } catch {
    return undefined;
  }
}

interface ProviderLine {
  readonly type: string;
  readonly message: string;
}

/** Pure. @throws Conflict for what is no line of the protocol */
export function parseProviderLine(line: string, { name, provider }: Service): ProviderLine {
  try {
    const { type, message } = JSON.parse(line) as Partial<ProviderLine>;
    if (typeof type === "string" && typeof message === "string") return { type, message };
  } catch {
    // said below
  }
  throw new Conflict(
    `service "${name}": its provider ${provider!.type} wrote ${JSON.stringify(line.slice(0, 200))}, which is no message`,
  );
}

/** "URL=x" of service "db-1" is DB-1_URL; raw ones keep their name. */
function variableOf(
  { name, provider }: Service,
  type: "setenv" | "rawsetenv",
  message: string,
): Record<string, string> {
  const at = message.indexOf("=");
  if (at <= 0)
    throw new Conflict(
      `service "${name}": its provider ${provider!.type} set ${JSON.stringify(message)}, which is no variable`,
    );
  const key = message.slice(0, at);
  return { [type === "setenv" ? `${name.toUpperCase()}_${key}` : key]: message.slice(at + 1) };
}
