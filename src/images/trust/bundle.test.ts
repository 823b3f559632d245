import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BuiltImage,
  buildImage,
  startTestRegistry,
  type TestRegistry,
} from "#registry/_testing/registry.ts";
import { createTestImages, textOf } from "../_testing/store.ts";
import { addBundleSignature, type BundleSignature, signingKey } from "./_signing.ts";
import { bundleClaim } from "./bundle.ts";
import { parseTrustPolicy } from "./policy.ts";

const KEY = signingKey();
const OTHER = signingKey();
const ED = generateKeyPairSync("ed25519");
const FILES: Record<string, string> = {
  "/key.pub": KEY.pem,
  "/ed.pub": ED.publicKey.export({ type: "spki", format: "pem" }) as string,
};

describe("a pull of an image with a bundle of cosign 3", () => {
  let registry: TestRegistry;
  let image: BuiltImage;
  beforeAll(async () => {
    registry = await startTestRegistry();
    image = await buildImage([["a"]]);
    registry.add("1", image);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  /** What the pull of the image is refused with, when it is signed so; undefined when it goes on. */
  async function refusal(
    signature: Partial<BundleSignature>,
    more: object = {},
  ): Promise<string | undefined> {
    const { digest } = image.manifest;
    addBundleSignature(registry, { digest, key: KEY.privateKey, ...signature });
    if (signature.digest) {
      const tagOf = (one: string) => one.replace(":", "-");
      registry.tags.set(tagOf(digest), registry.tags.get(tagOf(signature.digest))!);
    }
    const required = { type: "sigstoreSigned", keyPath: "/key.pub", signedIdentity: { type: "digestOnly" } };
    const trustPolicy = parseTrustPolicy({ default: [{ ...required, ...more }] }, (path) => FILES[path]);
    await using lab = createTestImages({ options: { trustPolicy } });
    const pulled = textOf(lab.images.pull({ reference: `${registry.address}/team/app:1` }));
    const error = await pulled.then(
      () => undefined,
      (thrown: Error & { hint?: string }) => thrown,
    );
    expect(lab.images.count()).toBe(error ? 0 : 1);
    return error && `${error.message} ${error.hint ?? ""}`;
  }

  test("goes on when a trusted key has signed its digest", async () => {
    expect(await refusal({})).toBeUndefined();
    expect(await refusal({ key: ED.privateKey }, { keyPath: "/ed.pub" })).toBeUndefined();
  });

  test("is refused when the policy wants a name, which bundles do not have", async () => {
    for (const type of ["matchRepository", "matchExact", "matchRepoDigestOrExact"])
      expect(await refusal({}, { signedIdentity: { type } })).toMatch(/says no name .*"digestOnly"/);
    expect(await refusal({}, { signedIdentity: undefined })).toContain("says no name");
  });

  const ANOTHER = `sha256:${"7".repeat(64)}`;
  test.each<[string, Partial<BundleSignature>, string]>([
    ["another key", { key: OTHER.privateKey }, "no signature was made with /key.pub"],
    ["another image", { digest: ANOTHER }, `a signature is for ${ANOTHER}, another image`],
    [
      "a statement that is no signature",
      { predicateType: "https://spdx.dev/Document" },
      "a statement is of the kind",
    ],
    ["another kind of text", { payloadType: "text/plain" }, 'a bundle is over "text/plain"'],
    [
      "a statement changed afterwards",
      { tamper: (text) => text.replace("{}", "[]") },
      "no signature was made with",
    ],
  ])("is refused with a bundle by or over %s", async (_what, signature, reason) => {
    expect(await refusal(signature)).toContain(reason);
  });
});

test.each([
  ["", "cannot be read"],
  ["{}", "a bundle is of the type undefined"],
  ['{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}', "no signed statement"],
  [
    '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{}}',
    "no signed statement",
  ],
  [
    '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{"payload":"","signatures":[null],"payloadType":"application/vnd.in-toto+json"}}',
    "no signature was made with",
  ],
])("bundleClaim() finds no claim in %j", (text, reason) => {
  expect(bundleClaim(Buffer.from(text), [{ path: "/key.pub", pem: KEY.pem }])).toContain(reason);
});

test("bundleClaim() reads what cosign signed, and takes no attestation for a signature", () => {
  const fixture = (name: string) =>
    readFileSync(join(import.meta.dir, "../../../test/fixtures/cosign", name));
  const own = [{ path: "cosign.pub", pem: fixture("cosign.pub").toString() }];
  expect(bundleClaim(fixture("signature.bundle"), own)).toEqual({
    digest: "sha256:13b6bb9cb8fc9d619ce3f5317ad0ca88be4603e70dac69761c37390907dea805",
  });
  expect(bundleClaim(fixture("attestation.bundle"), own)).toContain("a statement is of the kind");
  const other = [{ path: "/key.pub", pem: KEY.pem }];
  expect(bundleClaim(fixture("signature.bundle"), other)).toContain("no signature was made with /key.pub");
});
