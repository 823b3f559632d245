/** Checks a tree against the shape of a Compose file; the first thing wrong is told with its place and what is meant. */
import { fingerprint } from "./merge.ts";
import { PROJECT } from "./shapes/project.ts";
import type { MapShape, ScalarType, Shape } from "./shapes/shape.ts";
import {
  isMap,
  kindOf,
  type Path,
  type Places,
  pathText,
  type Tree,
  type TreeList,
  type TreeMap,
} from "./tree.ts";

/** @throws ComposeFileError */
export function validateProject(root: TreeMap, places: Places): void {
  new Validator(root, places).check(root, PROJECT, []);
}

class Validator {
  readonly #root: TreeMap;
  readonly #places: Places;

  constructor(root: TreeMap, places: Places) {
    this.#root = root;
    this.#places = places;
  }

  check(value: Tree, shape: Shape, path: Path): void {
    switch (shape.is) {
      case "anything":
        return;
      case "either":
        this.#either(value, shape.shapes, path);
        return;
      case "map":
        if (!isMap(value)) throw this.#error(`must be a mapping, not ${kindOf(value)}`, path);
        this.#map(value, shape, path);
        return;
      case "list":
        if (!Array.isArray(value)) throw this.#error(`must be a list, not ${kindOf(value)}`, path);
        this.#list(value, shape, path);
        return;
      case "scalar":
        this.#scalar(value, shape, path);
    }
  }

  /** The alternative for a value of this kind says what is wrong with it. */
  #either(value: Tree, shapes: readonly Shape[], path: Path): void {
    const fitting = shapes.find((shape) => isForKind(shape, value));
    if (!fitting) throw this.#error(`must be ${wanted(shapes)}, not ${kindOf(value)}`, path);
    this.check(value, fitting, path);
  }

  #map(value: TreeMap, shape: MapShape, path: Path): void {
    for (const key of Object.keys(value)) {
      const here = [...path, key];
      const known = Object.hasOwn(shape.keys, key) ? shape.keys[key] : undefined;
      if (known) this.check(value[key]!, known, here);
      else if (shape.named?.pattern.test(key)) this.check(value[key]!, shape.named.shape, here);
      else if (!(shape.isOpen || (shape.hasExtensions && key.startsWith("x-"))))
        throw this.#unknown(key, shape, here);
    }
    for (const key of shape.required)
      if (!(key in value)) throw this.#error(`the key "${key}" is missing`, path);
  }

  #unknown(key: string, shape: MapShape, path: Path) {
    if (shape.named) {
      const reason = `"${key}" is not a name: it may have letters, digits, ".", "_" and "-"`;
      return this.#error(reason, path);
    }
    const meant = nearest(key, Object.keys(shape.keys));
    const hint = meant ? `did you mean "${meant}"?` : undefined;
    return this.#error(`unknown key "${key}"${hint ? `, ${hint}` : ""}`, path, hint);
  }

  #list(value: TreeList, shape: Shape & { is: "list" }, path: Path): void {
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      this.check(item, shape.item, [...path, index]);
      if (!shape.isUnique) continue;
      const print = fingerprint(item);
      const earlier = seen.get(print);
      if (earlier !== undefined) throw this.#error(`is the same as item ${earlier}`, [...path, index]);
      seen.set(print, index);
    }
  }

  #scalar(value: Tree, shape: Shape & { is: "scalar" }, path: Path): void {
    if (!shape.types.some((type) => hasType(value, type)))
      throw this.#error(`must be ${wanted([shape])}, not ${kindOf(value)}`, path);
    if (shape.oneOf && !shape.oneOf.includes(String(value))) {
      const meant = nearest(String(value), shape.oneOf);
      throw this.#error(
        `must be one of ${shape.oneOf.join(", ")}`,
        path,
        meant && `did you mean "${meant}"?`,
      );
    }
    if (shape.pattern && !shape.pattern.test(String(value)))
      throw this.#error(`"${value}" does not match ${shape.pattern.source}`, path);
    if (typeof value === "number" && (value < (shape.least ?? value) || value > (shape.most ?? value)))
      throw this.#error(`${value} is out of range: ${shape.least} to ${shape.most}`, path);
  }

  #error(reason: string, path: Path, hint?: string) {
    const text = pathText(path);
    return this.#places.errorAt(reason, this.#places.find(this.#root, path), text || undefined, hint);
  }
}

function isForKind(shape: Shape, value: Tree): boolean {
  switch (shape.is) {
    case "anything":
      return true;
    case "either":
      return shape.shapes.some((inner) => isForKind(inner, value));
    case "map":
      return isMap(value);
    case "list":
      return Array.isArray(value);
    case "scalar":
      return shape.types.some((type) => hasType(value, type));
  }
}

function hasType(value: Tree, type: ScalarType): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return typeof value === "bigint" || Number.isInteger(value);
  if (type === "number") return typeof value === "number" || typeof value === "bigint";
  return typeof value === type;
}

const CALLED: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "empty",
};

function wanted(shapes: readonly Shape[]): string {
  const words = shapes.flatMap((shape) => {
    if (shape.is === "scalar") return shape.types.map((type) => CALLED[type]!);
    if (shape.is === "either") return [wanted(shape.shapes)];
    return [shape.is === "map" ? "a mapping" : "a list"];
  });
  const distinct = [...new Set(words)];
  return distinct.length < 2
    ? (distinct[0] ?? "anything")
    : `${distinct.slice(0, -1).join(", ")} or ${distinct.at(-1)}`;
}

/** The known word that a misspelt one is closest to, if it is close. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(word.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, steps: distance(normalised(word), normalised(candidate)) }))
    .filter(({ steps }) => steps <= allowed)
    .sort((a, b) => a.steps - b.steps);
  return ranked[0]?.candidate;
}

function normalised(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** Letters to insert, drop, exchange or swap with their neighbour. */
function distance(from: string, to: string): number {
  const rows = [...Array(from.length + 1).keys()].map((row) => [row, ...Array<number>(to.length).fill(0)]);
  for (let column = 0; column <= to.length; column++) rows[0]![column] = column;
  for (let i = 1; i <= from.length; i++) {
    for (let j = 1; j <= to.length; j++) {
      const exchange = rows[i - 1]![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, exchange);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  }
  return rows[from.length]![to.length]!;
}
