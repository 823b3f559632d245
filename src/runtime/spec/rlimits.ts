import { InvalidArgument } from "#base/errors.ts";
import type { Ulimit } from "#spec/docker/containers.ts";
import type { RuntimeRlimit } from "#spec/oci/runtime.ts";
import type { SpecHost } from "./types.ts";

/** Docker's names for --ulimit, without the prefix of the OCI names. */
const NAMES = new Set([
  ...["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc"],
  ...["rss", "rtprio", "rttime", "sigpending", "stack"],
]);

/** RLIM_INFINITY, as a number: `bundle.ts` writes it exactly. */
export const UNLIMITED = 2 ** 64;

/**
 * @returns limits no higher than this host can set, and a warning for each that was lowered
 * @throws InvalidArgument for unknown names and a soft limit above the hard one
 */
export function rlimitsOf(
  ulimits: readonly Ulimit[],
  host: Pick<SpecHost, "capabilities" | "hardLimits">,
): { readonly rlimits: RuntimeRlimit[]; readonly warnings: string[] } {
  const warnings: string[] = [];
  const canRaise = host.capabilities.includes("CAP_SYS_RESOURCE");
  const rlimits = ulimits.map((ulimit) => {
    const asked = rlimitOf(ulimit);
    const ceiling = canRaise
      ? Number.POSITIVE_INFINITY
      : (host.hardLimits[asked.type] ?? Number.POSITIVE_INFINITY);
    if (asked.hard <= ceiling || ceiling === Number.POSITIVE_INFINITY) return asked;
    warnings.push(
      `ulimit ${ulimit.Name} of ${shown(asked.hard)} is lowered to ${ceiling}: the engine has no right to raise limits`,
    );
    return { ...asked, soft: Math.min(asked.soft, ceiling), hard: ceiling };
  });
  return { rlimits, warnings };
}

function rlimitOf({ Name: name = "", Soft: soft = 0, Hard: hard = 0 }: Ulimit): RuntimeRlimit {
  if (!NAMES.has(name)) throw new InvalidArgument(`invalid ulimit type: ${name}`);
  const limit = { type: `RLIMIT_${name.toUpperCase()}`, soft: limitOf(soft), hard: limitOf(hard) };
  if (limit.soft > limit.hard) {
    throw new InvalidArgument(
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  }
  return limit;
}

function limitOf(value: number): number {
  return value === -1 ? UNLIMITED : value;
}

function shown(value: number): string {
  return value === UNLIMITED ? "unlimited" : String(value);
}
