/** Variables and labels of services that stand in files. */
import { NotFound } from "#base/errors.ts";
import { isFile, readEnvFile } from "./env-files.ts";
import { own } from "./own.ts";
import type { Environment, Service } from "./types.ts";

export interface ResolveOptions {
  /** The project's variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onUnset: (name: string) => void;
}

/** The service with `env_file` read into `environment`, whose own values win, and named variables given their values. */
export async function resolveServiceEnvironment(service: Service, options: ResolveOptions): Promise<Service> {
  const given = withValues(service.environment ?? {}, options.environment);
  const collected = new Map<string, string>();
  for (const [name, value] of Object.entries(given)) if (value !== null) collected.set(name, value);
  for (const { path, required, format } of service.env_file ?? []) {
    if (!(await isFile(path)) && !required) continue;
    await readEnvFile(path, collected, {
      format,
      lookup: (name) => own(options.environment, name) ?? own(given, name) ?? undefined,
      onUnset: options.onUnset,
    }).catch((error) => {
      throw error instanceof NotFound ? missingEnvFile(service, error) : error;
    });
  }
  const { env_file: _, environment: __, ...rest } = service;
  const environment = { ...Object.fromEntries(collected), ...given };
  return Object.keys(environment).length > 0 ? { ...rest, environment } : rest;
}

function missingEnvFile({ name }: Service, cause: NotFound): NotFound {
  return new NotFound(`service "${name}": ${cause.message}`, {
    cause,
    hint: "Make the file, or say 'required: false' beside its path",
  });
}

function withValues(environment: Environment, known: Readonly<Record<string, string>>): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value ?? own(known, name) ?? null]),
  );
}

/** The service with the labels of its `label_file`s, over which its own win. */
export async function resolveServiceLabels(
  service: Service,
  onUnset: (name: string) => void,
): Promise<Service> {
  if (!service.label_file?.length) return service;
  const labels = new Map<string, string>();
  for (const file of service.label_file) {
    if (!(await isFile(file))) throw new NotFound(`label file ${file} not found`);
    const read = new Map<string, string>(); // what earlier files say goes before what this one says
    await readEnvFile(file, read, { lookup: (name) => labels.get(name), onUnset });
    for (const [name, value] of read) labels.set(name, value);
  }
  return { ...service, labels: { ...Object.fromEntries(labels), ...service.labels } };
}
