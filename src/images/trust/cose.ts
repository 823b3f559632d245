import { CborTagged, type CborValue, decodeCbor, encodeCborString } from "./cbor.ts";
import { type Envelope, EXPIRY, SCHEME, SIGNING_TIME } from "./envelope.ts";

/** CBOR tag of a message with one signature (RFC 9052, 2). */
const SIGN1 = 18;
/** CBOR tag of seconds since 1970 (RFC 8949, 3.4.2). */
const EPOCH = 1;
/** Labels of headers: RFC 9052, 3.1, and RFC 9360, 2. */
const LABEL = { alg: 1, crit: 2, cty: 3, x5chain: 33 } as const;
const CRITICAL: ReadonlyMap<CborValue, string> = new Map([
  [LABEL.alg, "alg"],
  [LABEL.crit, "crit"],
  [LABEL.cty, "cty"],
]);
/** Names that JSON has for the numbers of RFC 9053, 2.1, and RFC 8230, 2. */
const ALGORITHM: ReadonlyMap<CborValue | undefined, string> = new Map([
  [-7, "ES256"],
  [-35, "ES384"],
  [-36, "ES512"],
  [-37, "PS256"],
  [-38, "PS384"],
  [-39, "PS512"],
]);

/**
 * Pure: reads a COSE_Sign1 message as notation writes it.
 * @throws Error with the reason
 * @see https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-cose.md
 */
export function readCose(bytes: Uint8Array): Envelope {
  const message = decodeCbor(bytes);
  if (!(message instanceof CborTagged) || message.tag !== SIGN1)
    throw new Error("it is no message with one signature (COSE_Sign1)");
  const parts = message.value;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Error("a part is missing");
  const [head, unprotected, payload, signature] = parts as readonly CborValue[];
  return {
    header: headerOf(mapOf(decodeCbor(bytesOf(head, "protected header")), "protected header")),
    payload: bytesOf(payload, "payload"),
    chain: chainOf(mapOf(unprotected, "header").get(LABEL.x5chain)),
    signed: signedBytes(bytesOf(head, "protected header"), bytesOf(payload, "payload")),
    signature: bytesOf(signature, "signature"),
  };
}

/** Only what is read here is taken over, each from its own label: a text "alg" is not the algorithm. */
function headerOf(head: ReadonlyMap<number | string, CborValue>): Envelope["header"] {
  const critical = head.get(LABEL.crit) ?? [];
  if (!Array.isArray(critical)) throw new Error("the list of critical headers is none");
  const header: Record<string, unknown> = {
    alg: ALGORITHM.get(head.get(LABEL.alg)),
    cty: head.get(LABEL.cty),
    crit: critical.map((label: CborValue) => CRITICAL.get(label) ?? String(label)),
    [SCHEME]: head.get(SCHEME),
  };
  for (const name of [SIGNING_TIME, EXPIRY]) if (head.has(name)) header[name] = dateOf(head.get(name), name);
  return header;
}

function dateOf(value: CborValue | undefined, name: string): string {
  if (!(value instanceof CborTagged) || value.tag !== EPOCH || typeof value.value !== "number")
    throw new Error(`${name} is no time`);
  return new Date(value.value * 1000).toISOString();
}

function chainOf(value: CborValue | undefined): Buffer[] {
  const list = Array.isArray(value) ? (value as readonly CborValue[]) : value === undefined ? [] : [value];
  return list.map((one) => Buffer.from(bytesOf(one, "certificate")));
}

/** Sig_structure of RFC 9052, 4.4, without external data. */
function signedBytes(head: Uint8Array, payload: Uint8Array): Uint8Array {
  return Buffer.concat([
    Buffer.of(0x84),
    encodeCborString(3, Buffer.from("Signature1")),
    encodeCborString(2, head),
    encodeCborString(2, Buffer.alloc(0)),
    encodeCborString(2, payload),
  ]);
}

function bytesOf(value: CborValue | undefined, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`the ${what} is missing`);
}

function mapOf(value: CborValue | undefined, what: string): ReadonlyMap<number | string, CborValue> {
  if (value instanceof Map) return value;
  throw new Error(`the ${what} is missing`);
}
