/** A project as `docker compose config` prints it. Pure. */
import { type Field, field } from "./fields/kind.ts";
import { FILE_OBJECT_FIELDS, MODEL_FIELDS, NETWORK_FIELDS, VOLUME_FIELDS } from "./fields/project.ts";
import { JOB_FIELDS, SERVICE_FIELDS } from "./fields/service.ts";
import { compareBytes } from "./merge.ts";
import { naturalOrder } from "./natural-order.ts";
import { printJson } from "./print-json.ts";
import { type PrintNode, type PrintOptions, printAny, printFields } from "./print-tree.ts";
import { printYaml } from "./print-yaml.ts";
import type { FileObject, Project } from "./types.ts";

export function projectYaml(project: Project): string {
  const options: PrintOptions = { format: "yaml", order: naturalOrder };
  const entries: [string, PrintNode][] = project.name === "" ? [] : [["name", project.name]];
  entries.push(["services", section(project.services, SERVICE_FIELDS, options)]);
  for (const [key, node] of sections(project, options)) entries.push([key, node]);
  for (const key of Object.keys(project.extensions).sort(naturalOrder))
    entries.push([key, printAny(project.extensions[key as `x-${string}`], options)]);
  return printYaml({ entries });
}

/** Without models, and with a project's extensions only. */
export function projectJson(project: Project): string {
  const options: PrintOptions = { format: "json", order: compareBytes };
  const entries: [string, PrintNode][] = [
    ["name", project.name],
    ["services", section(project.services, SERVICE_FIELDS, options)],
    ...sections(project, options).filter(([key]) => key !== "models"),
    ...Object.entries(project.extensions).map(
      ([key, value]) => [key, printAny(value, options)] as [string, PrintNode],
    ),
  ];
  return printJson({ entries: entries.sort(([a], [b]) => compareBytes(a, b)) }, "  ");
}

/** A tree without types: what `--no-interpolate` prints. */
export function treeText(tree: unknown, format: "yaml" | "json"): string {
  if (format === "json") return printJson(printAny(tree, { format, order: compareBytes }), "  ");
  return printYaml(printAny(tree, { format, order: naturalOrder }));
}

function sections(project: Project, options: PrintOptions): [string, PrintNode][] {
  const all: [string, Readonly<Record<string, object>>, readonly Field[]][] = [
    ["jobs", project.jobs, options.format === "yaml" ? [field("name", "string"), ...JOB_FIELDS] : JOB_FIELDS],
    ["networks", project.networks, NETWORK_FIELDS],
    ["volumes", project.volumes, VOLUME_FIELDS],
    ["secrets", withoutContent(project.secrets, () => true), FILE_OBJECT_FIELDS],
    ["configs", withoutContent(project.configs, (config) => Boolean(config.environment)), FILE_OBJECT_FIELDS],
    ["models", project.models, MODEL_FIELDS],
  ];
  return all
    .filter(([, objects]) => Object.keys(objects).length > 0)
    .map(([key, objects, fields]) => [key, section(objects, fields, options)]);
}

function section(
  objects: Readonly<Record<string, object>>,
  fields: readonly Field[],
  options: PrintOptions,
): PrintNode {
  const keys = Object.keys(objects).sort(options.order);
  return { entries: keys.map((key) => [key, printFields(objects[key]!, fields, options)] as const) };
}

/** What came from the environment is not printed. */
function withoutContent(
  objects: Readonly<Record<string, FileObject>>,
  hides: (object: FileObject) => boolean,
): Record<string, FileObject> {
  return Object.fromEntries(
    Object.entries(objects).map(([name, object]) => {
      if (!hides(object)) return [name, object];
      const { content: _, ...rest } = object;
      return [name, rest];
    }),
  );
}
