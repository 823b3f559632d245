import { expect, test } from "bun:test";
import { diskShares, sharedLayerSizes } from "./disk-usage.ts";
import { parseOsRelease } from "./os-release.ts";
import { registryConfig } from "./registry-info.ts";

test("sharedLayerSizes() counts layers that more than one image stands on", () => {
  const layers: Record<string, { chainId: string; parent: string | undefined; sizeBytes: number }> = {
    base: { chainId: "base", parent: undefined, sizeBytes: 100 },
    mid: { chainId: "mid", parent: "base", sizeBytes: 10 },
    topA: { chainId: "topA", parent: "mid", sizeBytes: 1 },
    topB: { chainId: "topB", parent: "mid", sizeBytes: 2 },
    alone: { chainId: "alone", parent: undefined, sizeBytes: 5 },
  };
  const images = [
    { id: "a", chainId: "topA" },
    { id: "b", chainId: "topB" },
    { id: "c", chainId: "base" },
    { id: "d", chainId: "alone" },
    { id: "e", chainId: undefined },
  ];
  expect(sharedLayerSizes(images, (chainId) => layers[chainId])).toEqual(
    new Map([
      ["a", 110],
      ["b", 110],
      ["c", 100],
      ["d", 0],
      ["e", 0],
    ]),
  );
});

test("diskShares() sums what each needs, and what others need too", () => {
  const needs = [{ base: 100, a: 1 }, { base: 100, b: 2 }, { a: 1 }, {}];
  expect(diskShares(needs.map((each) => new Map(Object.entries(each))))).toEqual([
    { sizeBytes: 101, sharedBytes: 101 },
    { sizeBytes: 102, sharedBytes: 100 },
    { sizeBytes: 1, sharedBytes: 1 },
    { sizeBytes: 0, sharedBytes: 0 },
  ]);
});

test("parseOsRelease() unquotes, and does without", () => {
  expect(parseOsRelease("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID='12'\n")).toEqual({
    name: "Debian GNU/Linux 12 (bookworm)",
    version: "12",
  });
  expect(parseOsRelease("NAME=Alpine\n")).toEqual({ name: "Alpine", version: "" });
  expect(parseOsRelease("")).toEqual({ name: "Linux", version: "" });
});

test("registryConfig() tells hosts and address ranges apart", () => {
  const mirrors = ["https://mirror.example/"];
  const registries = {
    "docker.io": { mirrors, fallback: true },
    "q.example": { mirrors: ["http://other/"], fallback: false },
  };
  const insecureRegistries = ["10.0.0.0/8", "r.example:5000", "127.0.0.0/8"];
  expect(registryConfig({ insecureRegistries, registries })).toEqual({
    InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", "10.0.0.0/8"],
    IndexConfigs: {
      "r.example:5000": { Name: "r.example:5000", Mirrors: [], Secure: false, Official: false },
      "q.example": { Name: "q.example", Mirrors: ["http://other/"], Secure: true, Official: false },
      "docker.io": { Name: "docker.io", Mirrors: mirrors, Secure: true, Official: true },
    },
    Mirrors: mirrors,
  });
});
