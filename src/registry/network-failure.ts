import { Unavailable } from "#base/errors.ts";

/** What went wrong below HTTP. Callers decide by it: "handshake" may mean plain HTTP, "cut" and "stalled" may be tried again. */
export type FailureReason =
  | "refused"
  | "unknownHost"
  | "certificate"
  | "handshake"
  | "cut"
  | "stalled"
  | "other";

/** A registry or token server gave no usable HTTP answer. */
export class Unreachable extends Unavailable {
  readonly reason: FailureReason;

  constructor(message: string, reason: FailureReason, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options);
    this.reason = reason;
  }
}

const REASON: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unknownHost",
  EAI_AGAIN: "unknownHost",
  EPROTO: "handshake",
  ECONNRESET: "cut",
  EPIPE: "cut",
  ETIMEDOUT: "stalled",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate",
  UNABLE_TO_GET_ISSUER_CERT: "certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate",
  CERT_HAS_EXPIRED: "certificate",
  CERT_NOT_YET_VALID: "certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate",
};

const CERTIFICATE_TEXT: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "certificate has expired or is not yet valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate is not valid for the name",
};

/** The failure of one request in the words Docker's users know ("connection refused", "no such host", "x509: …"). */
export function networkFailure(method: string, url: URL, error: unknown): Unreachable {
  if (error instanceof Unreachable) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = REASON[code] ?? "other";
  const words = describe(reason, code, url, error);
  const hint = reason === "certificate" ? certificateHint(url) : undefined;
  return new Unreachable(`${requestName(method, url)}: ${words}`, reason, { cause: error, hint });
}

/** `Get "https://host/v2/…"`; without the query, which may hold a signature. */
export function requestName(method: string, url: URL): string {
  return `${method[0]}${method.slice(1).toLowerCase()} "${url.origin}${url.pathname}"`;
}

function describe(reason: FailureReason, code: string, url: URL, error: unknown): string {
  switch (reason) {
    case "refused":
      return `dial tcp ${hostAndPort(url)}: connect: connection refused`;
    case "unknownHost":
      return `dial tcp: lookup ${url.hostname}: no such host`;
    case "handshake":
      return "http: server gave HTTP response to HTTPS client";
    case "certificate":
      return `tls: failed to verify certificate: x509: ${CERTIFICATE_TEXT[code] ?? "certificate signed by unknown authority"}`;
    case "cut":
      return "connection closed before the end of the answer: unexpected EOF";
    case "stalled":
      return "no answer in time: i/o timeout";
    case "other":
      return error instanceof Error ? error.message : String(error);
  }
}

function hostAndPort(url: URL): string {
  return url.port ? url.host : `${url.host}:${url.protocol === "https:" ? 443 : 80}`;
}

function certificateHint(url: URL): string {
  return `put the authority's certificate into certs.d/${url.host}/ca.crt, or list the registry under insecure-registries`;
}
