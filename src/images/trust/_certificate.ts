/** X.509 certificates for tests, written field by field (RFC 5280), so that none of them can run out. */
import { createPublicKey, type KeyObject, sign } from "node:crypto";

export interface CertificateRequest {
  /** Common name and organisation. */
  readonly subject: readonly [cn: string, o: string];
  readonly issuer: readonly [cn: string, o: string];
  /** Whose certificate it is; only the public half goes in. */
  readonly key: KeyObject;
  readonly issuerKey: KeyObject;
  readonly isCa?: boolean;
  /** Extended key usage. Default: code signing. */
  readonly use?: "codeSigning" | "serverAuth";
  readonly fromYear?: number;
  readonly toYear?: number;
}

/** @returns DER */
export function certificate(request: CertificateRequest): Buffer {
  const { subject, issuer, key, issuerKey, fromYear = 2020, toYear = 2049 } = request;
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 2 ** 31)),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(der(0x17, text(`${fromYear % 100}0101000000Z`)), der(0x17, text(`${toYear % 100}0101000000Z`))),
    nameOf(subject),
    createPublicKey(key).export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(request))),
  );
  return sequence(signed, ECDSA_SHA256, der(0x03, Buffer.from([0]), sign("sha256", signed, issuerKey)));
}

export function pemOf(certificateDer: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificateDer.toString("base64")}\n-----END CERTIFICATE-----\n`;
}

function extensions({ isCa, use = "codeSigning" }: CertificateRequest): Buffer[] {
  const critical = der(0x01, Buffer.from([0xff]));
  const extension = (id: string, value: Buffer) => sequence(oid(id), critical, der(0x04, value));
  if (isCa) return [extension("2.5.29.19", sequence(der(0x01, Buffer.from([0xff]))))];
  const purpose = use === "codeSigning" ? "1.3.6.1.5.5.7.3.3" : "1.3.6.1.5.5.7.3.1";
  return [extension("2.5.29.19", sequence()), extension("2.5.29.37", sequence(oid(purpose)))];
}

function nameOf([cn, o]: readonly [string, string]): Buffer {
  const part = (id: string, value: string) => der(0x31, sequence(oid(id), der(0x0c, text(value))));
  return sequence(part("2.5.4.10", o), part("2.5.4.3", cn));
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return der(0x02, Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even, "hex"));
}

function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split(".").map(Number) as [number, number, ...number[]];
  return der(0x06, Buffer.from([first * 40 + second, ...rest]));
}

function text(value: string): Buffer {
  return Buffer.from(value, "utf8");
}

/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 */
const ECDSA_SHA256 = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
