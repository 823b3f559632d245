/** Limits of huge pages: one pair of files for each size the machine has. */
import type { CgroupLimits } from "../types.ts";
import type { CgroupWrite, CurrentValues } from "./limits.ts";

/** All sizes any architecture has, as the kernel names them. */
export const HUGE_PAGE_SIZES = [
  ...["16KB", "64KB", "256KB", "512KB", "1MB", "2MB", "4MB", "8MB", "16MB", "32MB", "64MB"],
  ...["256MB", "512MB", "1GB", "2GB", "16GB"],
] as const;

/** v1 writes "no limit" as the largest multiple of a page that fits: anything near it is none. */
const V1_UNLIMITED_BYTES = 2 ** 62;

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/hugetlb.html */
export function hugePageFile(version: 1 | 2, size: string): string {
  return version === 1 ? `hugetlb.${size}.limit_in_bytes` : `hugetlb.${size}.max`;
}

/** Of reserved pages, which newer kernels count apart: without it a reservation is had and its use ends in SIGBUS. */
function reservedFile(version: 1 | 2, size: string): string {
  return version === 1 ? `hugetlb.${size}.rsvd.limit_in_bytes` : `hugetlb.${size}.rsvd.max`;
}

/** Files that `hugePageWrites()` decides by. */
export function hugePageFiles(version: 1 | 2, { hugePageBytes = {} }: CgroupLimits): string[] {
  return Object.keys(hugePageBytes).map((size) => reservedFile(version, size));
}

export function hugePageWrites(
  version: 1 | 2,
  { hugePageBytes = {} }: CgroupLimits,
  current: CurrentValues,
): CgroupWrite[] {
  return Object.entries(hugePageBytes).flatMap(([size, bytes]) => {
    const reserved = reservedFile(version, size);
    const files = [hugePageFile(version, size), ...(current[reserved] === undefined ? [] : [reserved])];
    return files.map((file) => ({ file, value: bytes === -1 && version === 2 ? "max" : String(bytes) }));
  });
}

/** What a group holds; undefined where nothing is limited. */
export function heldHugePages(
  version: 1 | 2,
  read: (file: string) => string | undefined,
): Readonly<Record<string, number>> | undefined {
  const limited = HUGE_PAGE_SIZES.flatMap((size): [string, number][] => {
    const text = read(hugePageFile(version, size))?.trim() ?? "max";
    const bytes = Number(text);
    return text === "max" || bytes >= V1_UNLIMITED_BYTES ? [] : [[size, bytes]];
  });
  return limited.length === 0 ? undefined : Object.fromEntries(limited);
}
