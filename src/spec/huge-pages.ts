/** Limits of huge pages, as users write them and as requests carry them. Pure. */
import { InvalidArgument, messageOf } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";
import type { HugepageLimit } from "./docker/containers.ts";

const UNITS = ["KB", "MB", "GB"] as const;
const KIB = 1024;

/**
 * "2MB=64m": a size of pages and how many bytes of them; "2MB=-1" takes the limit away.
 * @throws InvalidArgument
 */
export function parseHugepageLimit(text: string): HugepageLimit {
  const [size = "", amount = "", ...rest] = text.split("=");
  if (size === "" || amount === "" || rest.length > 0)
    throw new InvalidArgument(`invalid limit of huge pages "${text}": expected SIZE=BYTES, as in 2MB=64m`);
  try {
    return { PageSize: pageSizeName(size), Limit: amount === "-1" ? -1 : parseBytes(amount) };
  } catch (error) {
    throw new InvalidArgument(`invalid limit of huge pages "${text}": ${messageOf(error)}`, { cause: error });
  }
}

/**
 * As the kernel names its files: "2m", "2M" and "2048k" are "2MB".
 * @throws InvalidArgument
 */
export function pageSizeName(size: string): string {
  let amount = parseBytes(size) / KIB;
  let unit = 0;
  for (; amount >= KIB && amount % KIB === 0 && unit < UNITS.length - 1; unit++) amount /= KIB;
  if (!Number.isInteger(amount) || amount < 1)
    throw new InvalidArgument(`"${size}" is no size of huge pages`);
  return `${amount}${UNITS[unit]}`;
}

/** Later limits of a size replace earlier ones. @throws InvalidArgument */
export function normaliseHugepageLimits(limits: readonly HugepageLimit[]): HugepageLimit[] {
  const bySize = new Map<string, number>();
  for (const { PageSize = "", Limit = 0 } of limits) {
    if (Limit < -1 || !Number.isSafeInteger(Limit))
      throw new InvalidArgument(
        `invalid limit of ${PageSize} pages (${Limit}): expected bytes, or -1 for none`,
      );
    bySize.set(pageSizeName(PageSize), Limit);
  }
  return [...bySize].map(([PageSize, Limit]) => ({ PageSize, Limit }));
}
