/**
 * A parsed JSON body against its schema, read as Docker's daemon reads it: names match whatever their case, null means
 * absent, unknown fields are ignored, and a value of another type is refused with the path of its field.
 */
import type { Static, TSchema } from "@sinclair/typebox";
import { InvalidArgument } from "#base/errors.ts";

/** The parts of JSON Schema that the schemas in schemas/ use. */
interface Node {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  /** Of a map: what every value must be. */
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  /** null is a value of its own here, not an absence. */
  readonly nullable?: boolean;
  /** A list of one text may be sent as that text. */
  readonly orOneText?: boolean;
}

/** @throws InvalidArgument naming the path of the first field that is wrong */
export function decode<S extends TSchema>(schema: S, value: unknown): Static<S> {
  return decodeAt(schema as unknown as Node, value, "") as Static<S>;
}

function decodeAt(node: Node, value: unknown, path: string): unknown {
  if (value === null) return node.nullable ? null : zeroOf(node);
  switch (node.type) {
    case "object":
      if (typeof value !== "object" || Array.isArray(value)) throw wrongType(node, value, path);
      return node.patternProperties
        ? decodeMap(Object.values(node.patternProperties)[0]!, value, path)
        : decodeObject(node, value, path);
    case "array":
      return decodeArray(node, value, path);
    case "string":
      if (typeof value !== "string") throw wrongType(node, value, path);
      if (node.enum && !node.enum.includes(value)) throw notAmong(node.enum, value, path);
      return value;
    case "integer":
    case "number":
      return decodeNumber(node, value, path);
    case "boolean":
      if (typeof value !== "boolean") throw wrongType(node, value, path);
      return value;
    default:
      return value; // a field whose shape is another's business
  }
}

function decodeObject(node: Node, value: object, path: string): object {
  const fields: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const name = fieldNamed(node.properties!, key);
    if (name === undefined) continue;
    const field = node.properties![name]!;
    if (item === null && !field.nullable) continue;
    fields.push([name, decodeAt(field, item, joinPath(path, name))]);
  }
  const decoded = Object.fromEntries(fields);
  const missing = node.required?.find((name) => decoded[name] === undefined);
  if (missing) throw new InvalidArgument(`invalid JSON: ${joinPath(path, missing)} is missing`);
  return decoded;
}

function fieldNamed(properties: Readonly<Record<string, Node>>, key: string): string | undefined {
  if (Object.hasOwn(properties, key)) return key;
  const lower = key.toLowerCase();
  return Object.keys(properties).find((name) => name.toLowerCase() === lower);
}

function decodeMap(item: Node, value: object, path: string): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, decodeAt(item, one, joinPath(path, key))]),
  );
}

function decodeArray(node: Node, value: unknown, path: string): unknown[] {
  if (node.orOneText && typeof value === "string") return [value];
  if (!Array.isArray(value)) throw wrongType(node, value, path);
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = node;
  if (value.length < minItems || value.length > maxItems)
    throw new InvalidArgument(`invalid JSON: ${path} must have ${minItems} items, not ${value.length}`);
  return value.map((item, index) => decodeAt(node.items!, item, `${path}[${index}]`));
}

function decodeNumber(node: Node, value: unknown, path: string): number {
  if (typeof value !== "number" || (node.type === "integer" && !Number.isInteger(value)))
    throw wrongType(node, value, path);
  const { minimum = -(2 ** 63), maximum = 2 ** 63 } = node;
  if (value < minimum || value > maximum)
    throw new InvalidArgument(`invalid JSON: ${path || "the body"} is out of range: ${value}`);
  return value;
}

/** What null stands for inside a list or a map, where nothing can be absent. */
function zeroOf(node: Node): unknown {
  switch (node.type) {
    case "object":
      return {};
    case "array":
      return [];
    case "string":
      return "";
    case "boolean":
      return false;
    default:
      return node.type ? 0 : null;
  }
}

const TYPE_WORDS = {
  object: "an object",
  array: "a list",
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
} as const;

function wrongType(node: Node, value: unknown, path: string): InvalidArgument {
  const actual = Array.isArray(value) ? "array" : (typeof value as keyof typeof TYPE_WORDS);
  const found = actual === "number" ? String(value) : TYPE_WORDS[actual];
  return new InvalidArgument(
    `invalid JSON: ${path || "the body"} must be ${TYPE_WORDS[node.type!]}, not ${found}`,
  );
}

function notAmong(values: readonly string[], value: string, path: string): InvalidArgument {
  const known = values.filter((one) => one !== "").join(", ");
  return new InvalidArgument(`invalid JSON: ${path} must be one of ${known}, not ${JSON.stringify(value)}`);
}

function joinPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
