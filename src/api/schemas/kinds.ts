/** The few kinds of values Docker's request bodies are made of. Every field may be absent unless a schema says so. */
import { type TProperties, type TSchema, type TUnsafe, Type } from "@sinclair/typebox";

/** An object whose fields may all be absent. */
export const fields = <P extends TProperties>(properties: P) => Type.Partial(Type.Object(properties));

export const text = Type.String();
export const whole = Type.Integer();
export const yesNo = Type.Boolean();
export const texts = Type.Array(text);
export const mapOf = <S extends TSchema>(value: S) => Type.Record(Type.String(), value);
export const textMap = mapOf(text);
/** The keys matter; Docker's values are empty objects. */
export const keySet = mapOf(Type.Unsafe<Record<string, never>>(fields({})));
/** A port or another number of sixteen bits. */
export const uint16 = Type.Integer({ minimum: 0, maximum: 65535 });
/** A list of texts; one text alone is a list of one. */
export const textsOrText = Type.Array(text, { orOneText: true });
/** null is different from absent. */
export const nullable = <S extends TSchema>(schema: S) =>
  Type.Unsafe<S["static"] | null>({ ...schema, nullable: true });

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(...words: W): TUnsafe<W[number]> {
  return Type.Unsafe<W[number]>({ type: "string", enum: words });
}
