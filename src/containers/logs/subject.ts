import type { ContainerConfig } from "#spec/docker/containers.ts";
import { type LogOptions, parsePattern } from "./option-values.ts";
import { fillTag } from "./tag.ts";

/** The container a log is of, as far as drivers tell of it. */
export interface LogSubject {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** "sha256:…" */
  readonly imageId: string;
  readonly imageName: string;
  /** RFC 3339. */
  readonly created: string;
  readonly config: Pick<ContainerConfig, "Labels" | "Env" | "Cmd" | "Entrypoint">;
  /** Of the host. */
  readonly hostname: string;
}

/** Labels and variables chosen by options. @param renamed how a driver writes a name */
export function chosenAttributes(
  options: LogOptions,
  { config }: Pick<LogSubject, "config">,
  renamed: (name: string) => string = (name) => name,
): Record<string, string> {
  const variables = Object.fromEntries((config.Env ?? []).map(splitVariable));
  const chosen = {
    ...choose(config.Labels ?? {}, options.labels, options["labels-regex"]),
    ...choose(variables, options.env, options["env-regex"]),
  };
  return Object.fromEntries(Object.entries(chosen).map(([name, value]) => [renamed(name), value]));
}

/** @param fallback of the driver */
export function tagOf(options: LogOptions, subject: LogSubject, fallback = "{{.ID}}"): string {
  return fillTag(options.tag || fallback, subject);
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

function choose(
  values: Readonly<Record<string, string>>,
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const wanted = new Set((names ?? "").split(",").map((name) => name.trim()));
  const matches = pattern ? parsePattern(pattern) : undefined;
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => wanted.has(name) || matches?.test(name)),
  );
}
