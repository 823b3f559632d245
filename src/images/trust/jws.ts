import type { Envelope } from "./envelope.ts";

/**
 * Pure: reads a JSON web signature as notation writes it.
 * @throws Error with the reason
 * @see https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md
 */
export function readJws(bytes: Uint8Array): Envelope {
  const { payload, protected: head, header, signature } = JSON.parse(Buffer.from(bytes).toString("utf8"));
  for (const text of [payload, head, signature])
    if (typeof text !== "string") throw new Error("a part is missing");
  const chain: unknown = header?.x5c ?? [];
  if (!Array.isArray(chain) || !chain.every((one) => typeof one === "string"))
    throw new Error("x5c is no list of certificates");
  return {
    header: JSON.parse(Buffer.from(head, "base64url").toString("utf8")),
    payload: Buffer.from(payload, "base64url"),
    chain: chain.map((one: string) => Buffer.from(one, "base64")),
    signed: Buffer.from(`${head}.${payload}`, "ascii"),
    signature: Buffer.from(signature, "base64url"),
  };
}
