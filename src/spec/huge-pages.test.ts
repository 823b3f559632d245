import { expect, test } from "bun:test";
import { normaliseHugepageLimits, pageSizeName, parseHugepageLimit } from "./huge-pages.ts";

test("parseHugepageLimit() reads a size and bytes, and refuses the rest", () => {
  expect(parseHugepageLimit("2MB=64m")).toEqual({ PageSize: "2MB", Limit: 64 << 20 });
  expect(parseHugepageLimit("1g=-1")).toEqual({ PageSize: "1GB", Limit: -1 });
  for (const wrong of ["", "2MB", "=5", "2MB=", "2MB=1=2", "2MB=-5", "x=1", "2MB=y", "100=1m"])
    expect(() => parseHugepageLimit(wrong)).toThrow(`invalid limit of huge pages "${wrong}"`);
});

test("pageSizeName() gives the kernel's name", () => {
  expect(["2m", "2MB", "2048k", "64KB", "1g", "1024MB", "16GiB"].map(pageSizeName)).toEqual([
    ...["2MB", "2MB", "2MB", "64KB", "1GB", "1GB", "16GB"],
  ]);
});

test("normaliseHugepageLimits() keeps the last of each size", () => {
  const limits = [
    { PageSize: "2m", Limit: 5 },
    { PageSize: "1GB", Limit: 0 },
    { PageSize: "2048KB", Limit: -1 },
  ];
  expect(normaliseHugepageLimits(limits)).toEqual([
    { PageSize: "2MB", Limit: -1 },
    { PageSize: "1GB", Limit: 0 },
  ]);
  expect(() => normaliseHugepageLimits([{ PageSize: "2MB", Limit: -2 }])).toThrow("expected bytes");
});
