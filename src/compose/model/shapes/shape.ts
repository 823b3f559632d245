/** What a value of a Compose file may look like, as data. `validate.ts` checks trees against it. Pure. */

export type ScalarType = "string" | "integer" | "number" | "boolean" | "null";

export type Shape =
  | { readonly is: "anything" }
  | {
      readonly is: "scalar";
      readonly types: readonly ScalarType[];
      readonly oneOf?: readonly string[];
      readonly pattern?: RegExp;
      readonly least?: number;
      readonly most?: number;
    }
  | { readonly is: "list"; readonly item: Shape; readonly isUnique: boolean }
  | MapShape
  | { readonly is: "either"; readonly shapes: readonly Shape[] };

export interface MapShape {
  readonly is: "map";
  /** Keys with a meaning. */
  readonly keys: Readonly<Record<string, Shape>>;
  /** Names that the user chooses. */
  readonly named?: { readonly pattern: RegExp; readonly shape: Shape };
  readonly required: readonly string[];
  /** Keys that start with "x-" may be there. */
  readonly hasExtensions: boolean;
  /** Any other key too. */
  readonly isOpen: boolean;
}

export const anything: Shape = { is: "anything" };
export const string = scalar("string");
export const boolean = scalar("boolean", "string"); // text is what a variable left, and is cast later
export const integer = scalar("integer", "string");
export const number = scalar("number", "string");
export const NAME = /^[a-zA-Z0-9._-]+$/;

export function scalar(...types: ScalarType[]): Shape {
  return { is: "scalar", types };
}

export function oneOf(...values: string[]): Shape {
  return { is: "scalar", types: ["string"], oneOf: values };
}

export function matching(pattern: RegExp): Shape {
  return { is: "scalar", types: ["string"], pattern };
}

/** A number within bounds, or text. */
export function within(least: number, most = Number.POSITIVE_INFINITY): Shape {
  return { is: "scalar", types: ["integer", "string"], least, most };
}

export function either(...shapes: Shape[]): Shape {
  return { is: "either", shapes };
}

export function list(item: Shape): Shape {
  return { is: "list", item, isUnique: false };
}

export function set(item: Shape): Shape {
  return { is: "list", item, isUnique: true };
}

interface MapOptions {
  readonly required?: readonly string[];
  readonly hasExtensions?: boolean;
  readonly isOpen?: boolean;
}

/** Extensions are allowed unless said otherwise. */
export function map(keys: Readonly<Record<string, Shape>>, options: MapOptions = {}): MapShape {
  const { required = [], hasExtensions = true, isOpen = false } = options;
  return { is: "map", keys, required, hasExtensions, isOpen };
}

export function named(shape: Shape, pattern = NAME): MapShape {
  return {
    is: "map",
    keys: {},
    named: { pattern, shape },
    required: [],
    hasExtensions: false,
    isOpen: false,
  };
}

export const ANY_NAME = /./s;

export const strings = set(string);
export const stringOrList = either(string, strings);
export const command = either(scalar("null"), string, list(string));
export const pairs = either(named(scalar("string", "number", "boolean", "null"), ANY_NAME), set(string));
export const options = named(scalar("string", "number"), ANY_NAME);
export const hosts = either(named(either(string, list(string)), ANY_NAME), set(string));
export const fileReferences = list(
  either(string, map({ source: string, target: string, uid: string, gid: string, mode: number })),
);
export const ulimits = named(
  either(scalar("integer", "string"), map({ soft: integer, hard: integer }, { required: ["soft", "hard"] })),
  /^[a-z]+$/,
);
export const deviceRequest = {
  capabilities: strings,
  count: integer,
  device_ids: strings,
  driver: string,
  options: pairs,
};
