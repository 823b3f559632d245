/**
 * A value with a fixed set of fields, like a Go struct: asking for another field is an error. A field may be a function
 * that takes the arguments that follow it (`.Label "x"`).
 */
export interface TemplateObject {
  readonly typeName: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Its JSON text, for the `json` function. */
  json(): string;
}

export function isTemplateObject(value: unknown): value is TemplateObject {
  return typeof value === "object" && value !== null && "typeName" in value && "fields" in value;
}
