/** Lists of objects as Docker prints them: a table, a table of chosen columns, JSON, or a template for each row. */
import { CliError } from "../errors.ts";
import { htmlSafeJson } from "./json.ts";
import { alignRows } from "./table.ts";
import type { Template } from "./template-eval.ts";
import type { TemplateObject } from "./template-object.ts";

export interface Column<R> {
  readonly title: string;
  readonly value: (row: R) => string | boolean | null;
}

/** What can be shown of a kind of object. */
export interface Listing<R> {
  /** Appears in messages about templates. */
  readonly typeName: string;
  /** By the name templates use. */
  readonly columns: Readonly<Record<string, Column<R>>>;
  /** The columns of the plain table, in order; those that only it has are given in full. */
  readonly table: readonly (string | Column<R>)[];
  /** What `--quiet` leaves of a row. */
  readonly quiet: (row: R) => string;
  /** Fields that take arguments, such as `.Label "x"`; in a table's head they give their title. */
  readonly methods?: Readonly<Record<string, Method<R>>>;
}

export interface Method<R> {
  readonly title: (...values: unknown[]) => string;
  readonly value: (row: R, ...values: unknown[]) => string;
}

export interface RowsOptions {
  /** "", "table", "table TEMPLATE", "json" or a template. */
  readonly format: string;
  readonly quiet?: boolean;
}

/**
 * The whole text for these rows.
 * @throws CliError when the template cannot be read or does not fit
 */
export async function formatRows<R>(
  rows: readonly R[],
  listing: Listing<R>,
  { format, quiet }: RowsOptions,
): Promise<string> {
  if (format === "" || format === "table") return quiet ? quietRows(rows, listing) : tableRows(rows, listing);
  if (format === "json") return rows.map((row) => `${rowJson(row, listing)}\n`).join("");
  return (await formatterFor(listing, format))(rows);
}

function quietRows<R>(rows: readonly R[], { quiet }: Listing<R>): string {
  return rows.map((row) => `${quiet(row)}\n`).join("");
}

function tableRows<R>(rows: readonly R[], { columns, table }: Listing<R>): string {
  const shown = table.map((column) => (typeof column === "string" ? columns[column]! : column));
  return alignRows([
    shown.map(({ title }) => title),
    ...rows.map((row) => shown.map(({ value }) => String(value(row)))),
  ]);
}

/** Every column, in the order of their names. */
function rowJson<R>(row: R, { columns }: Listing<R>): string {
  const names = Object.keys(columns).sort();
  return htmlSafeJson(Object.fromEntries(names.map((name) => [name, columns[name]!.value(row)])));
}

/** Reads the template once, so that a stream of rows can be shown as it comes. */
export async function formatterFor<R>(
  listing: Listing<R>,
  format: string,
): Promise<(rows: readonly R[]) => string> {
  const { compileTemplate } = await import("./template-eval.ts");
  const { HEADER_FUNCTIONS } = await import("./template-functions.ts");
  const isTable = format.startsWith("table");
  const source = unescapeBlanks(isTable ? format.slice("table".length).trim() : format.trim());
  const template = compile(() => compileTemplate(source));
  const line = (row: R) => fill(template, rowObject(row, listing));
  if (!isTable) return (rows) => rows.map((row) => `${line(row)}\n`).join("");
  const head = fill(
    compile(() => compileTemplate(source, { functions: HEADER_FUNCTIONS })),
    headObject(listing),
  );
  return (rows) =>
    alignRows([head, ...rows.map(line)].flatMap((text) => text.split("\n").map((one) => one.split("\t"))));
}

/** In a shell's single quotes "\t" and "\n" stay two characters. */
function unescapeBlanks(source: string): string {
  return source.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

function compile(read: () => Template): Template {
  try {
    return read();
  } catch (error) {
    throw new CliError(`failed to parse template: ${(error as Error).message}`);
  }
}

function fill(template: Template, value: TemplateObject): string {
  try {
    return template(value);
  } catch (error) {
    throw new CliError(`failed to execute template: ${(error as Error).message}`);
  }
}

function rowObject<R>(row: R, listing: Listing<R>): TemplateObject {
  const fields: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(listing.columns)) {
    Object.defineProperty(fields, name, { enumerable: true, get: () => column.value(row) });
  }
  for (const [name, method] of Object.entries(listing.methods ?? {}))
    fields[name] = (...values: unknown[]) => method.value(row, ...values);
  return { typeName: listing.typeName, fields, json: () => rowJson(row, listing) };
}

function headObject<R>({ typeName, columns, methods = {} }: Listing<R>): TemplateObject {
  const titles = Object.entries(columns).map(([name, { title }]) => [name, title] as const);
  const calls = Object.entries(methods).map(([name, { title }]) => [name, title] as const);
  return { typeName, fields: Object.fromEntries([...titles, ...calls]), json: () => "" };
}
