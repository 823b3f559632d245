import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { PermissionDenied } from "#base/errors.ts";
import {
  type BuiltImage,
  buildImage,
  startTestRegistry,
  type TestRegistry,
} from "#registry/_testing/registry.ts";
import { createTestImages, type TestImages, textOf } from "../_testing/store.ts";
import { certificate, pemOf } from "./_certificate.ts";
import { addCosignSignature, addNotationSignature, signingKey } from "./_signing.ts";
import { parseTrustPolicy, type TrustPolicy } from "./policy.ts";

const KEY = signingKey();
const OTHER = signingKey();
const ROOT = signingKey();
const LEAF = generateKeyPairSync("rsa", { modulusLength: 2048 });
const CA: readonly [string, string] = ["root", "acme"];
const SIGNER: readonly [string, string] = ["signer", "acme"];
const issued = (more: object = {}) =>
  certificate({
    subject: SIGNER,
    issuer: CA,
    key: LEAF.privateKey,
    issuerKey: ROOT.privateKey,
    ...more,
  }).toString("base64");
const CA_DER = certificate({
  subject: CA,
  issuer: CA,
  key: ROOT.privateKey,
  issuerKey: ROOT.privateKey,
  isCa: true,
});
const FILES: Record<string, string> = { "/key.pub": KEY.pem, "/ca.pem": pemOf(CA_DER) };

const COSIGN = { type: "sigstoreSigned", keyPath: "/key.pub", signedIdentity: { type: "matchRepository" } };
const NOTATION = {
  type: "notationSigned",
  trustStore: ["/ca.pem"],
  trustedIdentities: ["x509.subject: O=acme"],
};

describe("a pull under a trust policy", () => {
  let registry: TestRegistry;
  let image: BuiltImage;
  let lab: TestImages;
  let policy: TrustPolicy | undefined;
  beforeEach(async () => {
    registry = await startTestRegistry();
    image = await buildImage([["a"]]);
    registry.add("1", image);
    lab = createTestImages({
      options: {
        get trustPolicy() {
          return policy;
        },
      },
    });
  });
  afterEach(async () => {
    await lab[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const name = () => `${registry.address}/team/app`;
  const require = (...requirements: unknown[]) => {
    policy = parseTrustPolicy(
      { default: [{ type: "reject" }], transports: { docker: { [name()]: requirements } } },
      (path) => FILES[path],
    );
  };
  const pull = () => textOf(lab.images.pull({ reference: `${name()}:1` }));
  const refusal = async () => {
    const error = await pull().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PermissionDenied);
    expect(lab.images.count()).toBe(0);
    expect(registry.requests.some((request) => request.includes(image.config.digest))).toBe(false);
    return (error as PermissionDenied).message;
  };
  const cosign = (more: object = {}) =>
    addCosignSignature(registry, {
      digest: image.manifest.digest,
      name: name(),
      key: KEY.privateKey,
      ...more,
    });
  const notation = (more: object = {}) =>
    addNotationSignature(registry, {
      digest: image.manifest.digest,
      key: LEAF.privateKey,
      chain: [issued(), CA_DER.toString("base64")],
      ...more,
    });

  test("is refused by default when the policy says so, naming the rule", async () => {
    require({ type: "insecureAcceptAnything" });
    const error = await textOf(lab.images.pull({ reference: `${registry.address}/other:1` })).catch((e) => e);
    expect(error.message).toContain(
      "requirement 1 of 1 (reject) for the default: images from there are not allowed",
    );
  });

  test("goes on where anything is accepted, and without a policy", async () => {
    require({ type: "insecureAcceptAnything" });
    await pull();
    policy = undefined;
    await textOf(lab.images.pull({ reference: `${registry.address}/other:1` }));
    expect(lab.images.count()).toBe(1);
  });

  test("of an unsigned image is refused", async () => {
    require(COSIGN);
    const message = await refusal();
    expect(message).toContain(`pull of ${name()}:1 (${image.manifest.digest}) refused by the trust policy`);
    expect(message).toContain(
      `requirement 1 of 1 (sigstoreSigned) for "${name()}": it has no cosign signature`,
    );
    require(NOTATION);
    expect(await refusal()).toContain("it has no notation signature");
  });

  test.each(["tag", "referrer"])("goes on with a cosign signature found by its %s", async (place) => {
    require(COSIGN);
    cosign({ place });
    await pull();
    expect(lab.images.count()).toBe(1);
  });

  test.each([
    { title: "another key", more: { key: OTHER.privateKey }, reason: "no signature was made with /key.pub" },
    {
      title: "a payload changed afterwards",
      more: { tamper: (payload: string) => payload.replace("null", "[]") },
      reason: "no signature was made with",
    },
    {
      title: "another name",
      more: { name: "r.example/other" },
      reason: 'signed under the name "r.example/other"',
    },
  ])("is refused with a cosign signature by $title", async ({ more, reason }) => {
    require(COSIGN);
    cosign(more);
    expect(await refusal()).toContain(reason);
  });

  test("is refused with a signature for another digest under this image's tag", async () => {
    require(COSIGN);
    const other = await buildImage([["b"]]);
    cosign({ digest: other.manifest.digest });
    const tagOf = (digest: string) => `${digest.replace(":", "-")}.sig`;
    registry.tags.set(tagOf(image.manifest.digest), registry.tags.get(tagOf(other.manifest.digest))!);
    expect(await refusal()).toContain(`a signature is for ${other.manifest.digest}, another image`);
  });

  test("is refused when the signed payload is not what its descriptor says", async () => {
    require(COSIGN);
    cosign();
    const [payload] = [...registry.blobs].find(([, { mediaType }]) => mediaType.includes("simplesigning"))!;
    registry.fault = (request, response) => {
      if (!request.url!.endsWith(payload)) return false;
      response.writeHead(200).end("{}");
      return true;
    };
    expect(await refusal()).toContain("is not what its digest says");
  });

  test("fetches what was verified, though the tag moves meanwhile", async () => {
    require(COSIGN);
    cosign();
    const evil = await buildImage([["evil"]]);
    registry.fault = (request) => {
      if (request.url!.endsWith(".sig")) registry.add("1", evil);
      return false;
    };
    await pull();
    expect(lab.images.get(`${name()}:1`).id).toBe(image.config.digest);
  });

  test("is refused when a tag that is here already is no longer trusted", async () => {
    require(COSIGN);
    cosign();
    await pull();
    FILES["/other.pub"] = OTHER.pem;
    require({ ...COSIGN, keyPath: "/other.pub" });
    await expect(pull()).rejects.toThrow("no signature was made with /other.pub");
  });

  test("needs every requirement of its scope", async () => {
    require(COSIGN, NOTATION);
    cosign();
    expect(await refusal()).toContain("requirement 2 of 2 (notationSigned)");
    notation();
    await pull();
  });

  test("goes on with a notation signature by RSA or an elliptic curve", async () => {
    require(NOTATION);
    notation();
    await pull();
    await lab.images.remove(`${name()}:1`, { force: true });
    notation({ key: KEY.privateKey, chain: [issued({ key: KEY.privateKey })] });
    await pull();
  });

  test.each([
    {
      title: "of a stranger",
      more: () => ({ chain: [issued({ issuerKey: OTHER.privateKey })] }),
      reason: "does not lead to",
    },
    {
      title: "in a chain that does not fit together",
      more: () => ({ chain: [issued({ issuer: ["x", "x"] }), CA_DER.toString("base64")] }),
      reason: "was not issued by",
    },
    {
      title: "that has run out",
      more: () => ({ chain: [issued({ toYear: 2021 })] }),
      reason: "is valid from",
    },
    {
      title: "for servers",
      more: () => ({ chain: [issued({ use: "serverAuth" })] }),
      reason: "not for signing code",
    },
    {
      title: "of somebody else at the same authority",
      more: () => ({ chain: [issued({ subject: ["signer\nO=acme", "evil"] })] }),
      reason: "none of the trusted identities",
    },
    {
      title: "for another key",
      more: () => ({ key: KEY.privateKey }),
      reason: "does not fit its certificate",
    },
    { title: "of no certificate", more: () => ({ chain: [] }), reason: "comes without certificates" },
    {
      title: "issued by one that is no authority",
      more: () => ({
        key: KEY.privateKey,
        chain: [
          certificate({
            subject: ["fake", "acme"],
            issuer: SIGNER,
            key: KEY.privateKey,
            issuerKey: KEY.privateKey,
          }).toString("base64"),
          issued({ key: KEY.privateKey }),
        ],
      }),
      reason: "was not issued by",
    },
  ])("is refused with a notation signature $title", async ({ more, reason }) => {
    require(NOTATION);
    notation(more());
    expect(await refusal()).toContain(reason);
  });

  const HEADERS: readonly { header: Record<string, unknown>; reason: string }[] = [
    { header: { alg: "none" }, reason: "does not fit its certificate" },
    { header: { alg: "HS256" }, reason: "does not fit its certificate" },
    { header: { alg: "PS384" }, reason: "does not fit its certificate" },
    { header: { cty: "text/plain" }, reason: 'is over "text/plain"' },
    { header: { crit: ["io.cncf.notary.verificationPlugin"] }, reason: "not understood" },
    { header: { "io.cncf.notary.expiry": "2020-01-01T00:00:00Z" }, reason: "has expired" },
    { header: { "io.cncf.notary.expiry": "never" }, reason: "has expired" },
    { header: { "io.cncf.notary.signingScheme": "x" }, reason: 'of the scheme "x"' },
  ];
  test.each([...HEADERS])(
    "is refused with a notation signature whose header is $header",
    async ({ header, reason }) => {
      require(NOTATION);
      notation({ header });
      expect(await refusal()).toContain(reason);
    },
  );

  test("is refused when a notation signature is for another image", async () => {
    require(NOTATION);
    const other = await buildImage([["b"]]);
    notation({ digest: other.manifest.digest });
    const tagOf = (digest: string) => digest.replace(":", "-");
    registry.tags.set(tagOf(image.manifest.digest), registry.tags.get(tagOf(other.manifest.digest))!);
    expect(await refusal()).toContain("another image");
  });
});
