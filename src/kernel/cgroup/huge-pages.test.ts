import { expect, test } from "bun:test";
import { hugePageFiles, hugePageWrites } from "./huge-pages.ts";

const limits = { hugePageBytes: { "2MB": 64 << 20, "1GB": -1 } };
const texts = (version: 1 | 2, current = {}) =>
  hugePageWrites(version, limits, current).map(({ file, value }) => `${file}=${value}`);

test("hugePageWrites() limits what is used and, where the kernel counts them, what is reserved", () => {
  expect(texts(1)).toEqual(["hugetlb.2MB.limit_in_bytes=67108864", "hugetlb.1GB.limit_in_bytes=-1"]);
  expect(texts(2, { "hugetlb.2MB.rsvd.max": "max" })).toEqual([
    "hugetlb.2MB.max=67108864",
    "hugetlb.2MB.rsvd.max=67108864",
    "hugetlb.1GB.max=max",
  ]);
  expect(hugePageWrites(2, {}, {})).toEqual([]);
});

test("hugePageFiles() names what decides", () => {
  expect(hugePageFiles(1, limits)).toEqual([
    "hugetlb.2MB.rsvd.limit_in_bytes",
    "hugetlb.1GB.rsvd.limit_in_bytes",
  ]);
});
