import { CliError, shownMessage } from "../errors.ts";
import type { Shape } from "../format/go-shapes.ts";
import { compactJson, indentJson } from "../format/json.ts";
import type { Template } from "../format/template-eval.ts";
import type { Session } from "../session.ts";

/** An object as the engine describes it. */
export interface FoundObject {
  readonly json: string;
  /** What it is in Go, for templates. */
  readonly kind?: "container" | "image" | "network" | "volume" | "plugin";
}

export interface InspectOptions {
  /** "", "json" or a template. */
  readonly format: string;
  readonly find: (name: string) => Promise<FoundObject>;
}

const INDENT = "    ";

/** Exit code for a template that cannot be read. */
const BAD_TEMPLATE_EXIT_CODE = 64;

/** Shows the objects that are there, then says what is wrong with the others. @throws CliError when one is missing */
export async function inspectObjects(
  session: Session,
  names: readonly string[],
  { format, find }: InspectOptions,
): Promise<void> {
  const show = await formatterFor(format);
  const found: FoundObject[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      found.push(await find(name));
    } catch (error) {
      failures.push(shownMessage(error));
    }
  }
  await showAll(session, found, show);
  if (failures.length > 0) throw new CliError(failures.join("\n"));
}

type Formatter = (found: readonly FoundObject[]) => Promise<string>;

async function showAll(session: Session, found: readonly FoundObject[], show: Formatter): Promise<void> {
  try {
    await session.print(await show(found));
  } catch (error) {
    await session.print("\n");
    throw new CliError(`template parsing error: ${(error as Error).message}`);
  }
}

async function formatterFor(format: string): Promise<Formatter> {
  if (format === "")
    return async (found) => `${indentJson(`[${found.map(({ json }) => json.trim()).join(",")}]`, INDENT)}\n`;
  if (format === "json")
    return async (found) => `[${found.map(({ json }) => compactJson(JSON.parse(json))).join(",")}]\n`;
  const template = await readTemplate(format);
  const shapes = await import("../format/go-shapes.ts");
  const shapeOf = {
    container: shapes.CONTAINER_SHAPE,
    image: shapes.IMAGE_SHAPE,
    network: shapes.NETWORK_SHAPE,
    volume: shapes.VOLUME_SHAPE,
    plugin: undefined, // our engine leaves out nothing of it
  } satisfies Record<string, Shape | undefined>;
  const shaped = (value: unknown, shape: Shape | undefined) =>
    shape === undefined ? value : shapes.applyShape(value, shape);
  return async (found) =>
    found.map(({ json, kind }) => `${template(shaped(JSON.parse(json), kind && shapeOf[kind]))}\n`).join("");
}

async function readTemplate(format: string): Promise<Template> {
  const { compileTemplate } = await import("../format/template-eval.ts");
  try {
    return compileTemplate(format, { missingKey: "error" });
  } catch (error) {
    throw new CliError(`template parsing error: ${(error as Error).message}`, BAD_TEMPLATE_EXIT_CODE);
  }
}
