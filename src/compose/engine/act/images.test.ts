import { expect, test } from "bun:test";
import type { ImageInspect } from "#spec/docker/images.ts";
import { project } from "../_testing/projects.ts";
import { contentDigest, mustPull, pullPolicy } from "./images.ts";

const DAY_MS = 86_400_000;
const web = project({ web: {} }).services.web!;
const image = (rest: object = {}) =>
  ({
    Id: "sha256:id",
    Os: "linux",
    Architecture: "amd64",
    Metadata: { LastTagTime: "2026-01-02T00:00:00Z" },
    ...rest,
  }) as ImageInspect;

const POLICIES: [text: string, policy: object][] = [
  ["always", { kind: "always" }],
  ["if_not_present", { kind: "missing" }],
  ["build", { kind: "never" }],
  ["daily", { kind: "refresh", maxAgeMs: DAY_MS }],
  ["every_1w2d3h", { kind: "refresh", maxAgeMs: 9 * DAY_MS + 3 * 3_600_000 }],
];

for (const [text, policy] of POLICIES)
  test(`pullPolicy() reads ${text}`, () => expect<object>(pullPolicy(web, text)).toEqual(policy));

test("pullPolicy() fetches images that cannot be built, and refuses other words", () => {
  expect(pullPolicy(web, "build", true)).toEqual({ kind: "missing" });
  expect(() => pullPolicy(web, "sometimes")).toThrow('unknown pull policy "sometimes"');
});

test("mustPull() looks at whether there is an image, and how old its name is", () => {
  const at = Date.parse("2026-01-03T00:00:00Z");
  expect(mustPull({ kind: "missing" }, image(), at)).toBe(false);
  expect(mustPull({ kind: "missing" }, undefined, at)).toBe(true);
  expect(mustPull({ kind: "never" }, undefined, at)).toBe(false);
  expect(mustPull({ kind: "refresh", maxAgeMs: DAY_MS - 1 }, image(), at)).toBe(true);
  expect(mustPull({ kind: "refresh", maxAgeMs: DAY_MS }, image(), at)).toBe(false);
});

const manifest = (ID: string, architecture: string, rest: object = {}) => ({
  ID,
  Kind: "image",
  Available: true,
  ImageData: { Platform: { os: "linux", architecture } },
  ...rest,
});

test("contentDigest() is that of the manifest that runs, not of the index around it", () => {
  expect(contentDigest(image(), "")).toEqual({ digest: "sha256:id", fits: true });
  const two = image({
    Manifests: [
      manifest("m-arm", "arm64"),
      manifest("m-amd", "amd64"),
      manifest("m-sum", "", { Kind: "attestation" }),
    ],
  });
  expect(contentDigest(two, "")).toEqual({ digest: "m-amd", fits: true });
  expect(contentDigest(two, "linux/arm64")).toEqual({ digest: "m-arm", fits: true });
  expect(contentDigest(two, "linux/s390x")).toEqual({ digest: "sha256:id", fits: false });
  expect(contentDigest(image(), "linux/arm64").fits).toBe(false);
});
