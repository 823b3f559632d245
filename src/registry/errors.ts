import {
  type EngineError,
  Internal,
  InvalidArgument,
  NotFound,
  PermissionDenied,
  Unavailable,
} from "#base/errors.ts";
import type { RegistryErrorItem } from "#spec/oci/distribution.ts";
import type { Challenge } from "./challenge.ts";

/** What a registry answered instead of what was asked for. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly challenges: readonly Challenge[];
  /** What the user can do about it. */
  readonly hint?: string;
  /** `Get "https://…"`, for refusals that say nothing themselves. */
  readonly request: string;
}

/** As people name them: "debian" and "debian:12". */
export interface PulledNames {
  readonly name: string;
  readonly reference: string;
}

/** The error for a failed pull, with the texts Docker's clients match on. */
export function pullError(refusal: Refusal, names: PulledNames): EngineError {
  const { code, message } = firstError(refusal);
  const reason = `${words(code)}: ${message}`;
  const { hint } = refusal;
  switch (code) {
    case "DENIED":
      return new NotFound(
        `pull access denied for ${names.name}, repository does not exist or may require 'docker login': ${reason}`,
        { hint },
      );
    case "MANIFEST_UNKNOWN":
      return new NotFound(`manifest for ${names.reference} not found: ${reason}`);
    case "NAME_UNKNOWN":
      return new NotFound(`repository ${names.name} not found: ${reason}`);
    default:
      return registryError(refusal);
  }
}

/** The error for any other failed request. */
export function registryError(refusal: Refusal): EngineError {
  const { code, message } = firstError(refusal);
  const text = `${words(code)}: ${message}`;
  const { status, hint } = refusal;
  if (code === "UNAUTHORIZED" || code === "DENIED") return new PermissionDenied(text, { hint });
  if (status === 429 || status >= 500) return new Unavailable(text, { hint });
  if (status === 404) return new NotFound(text);
  return status >= 400 ? new InvalidArgument(text) : new Internal(text);
}

/** What the status means for a registry that sends no error body; also how the empty answers to HEAD are read. */
const CODE_OF_STATUS: Readonly<Record<number, RegistryErrorItem>> = {
  401: { code: "UNAUTHORIZED", message: "authentication required" },
  403: { code: "DENIED", message: "requested access to the resource is denied" },
  404: { code: "MANIFEST_UNKNOWN", message: "manifest unknown" },
  429: { code: "TOOMANYREQUESTS", message: "too many requests" },
};

const DENIED = CODE_OF_STATUS[403]!;

function firstError(refusal: Refusal): { code: string; message: string } {
  const item = insufficientScope(refusal) ?? parseErrorBody(refusal.body) ?? CODE_OF_STATUS[refusal.status];
  if (!item)
    return {
      code: "UNKNOWN",
      message: `${refusal.request}: unexpected status ${refusal.status}${snippet(refusal.body)}`,
    };
  return { code: item.code, message: printable(item.message || words(item.code)) };
}

/** A token without the right to do this: the registry says so in its challenge (RFC 6750, section 3.1). */
function insufficientScope({ status, challenges }: Refusal): RegistryErrorItem | undefined {
  const isInsufficient = challenges.some(
    ({ scheme, parameters }) => scheme === "bearer" && parameters.error === "insufficient_scope",
  );
  return status === 401 && isInsufficient ? DENIED : undefined;
}

function parseErrorBody(body: string): RegistryErrorItem | undefined {
  try {
    const errors: unknown = JSON.parse(body)?.errors;
    const first = Array.isArray(errors) ? errors[0] : undefined;
    if (typeof first?.code !== "string" || !/^[A-Z_]{1,64}$/.test(first.code)) return undefined;
    return { code: first.code, message: typeof first.message === "string" ? first.message : "" };
  } catch {
    return undefined;
  }
}

/** "MANIFEST_UNKNOWN" → "manifest unknown" */
function words(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

const MAX_SHOWN = 300;

function snippet(body: string): string {
  return body.trim() ? `: ${printable(body.trim())}` : "";
}

/** A server's text may end up on a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, MAX_SHOWN);
}
