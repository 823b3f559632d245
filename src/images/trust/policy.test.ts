import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { parseReference } from "#spec/reference.ts";
import { certificate, pemOf } from "./_certificate.ts";
import { signingKey } from "./_signing.ts";
import { identityMismatch } from "./identity.ts";
import { parseTrustPolicy, type SignedIdentity } from "./policy.ts";
import { ruleFor } from "./scope.ts";

const { pem, privateKey } = signingKey();
const CA: readonly [string, string] = ["root", "acme"];
const CA_PEM = pemOf(
  certificate({ subject: CA, issuer: CA, key: privateKey, issuerKey: privateKey, isCa: true }),
);
const FILES: Record<string, string> = {
  "/key.pub": pem,
  "/key.pem": generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string,
  "/ca.pem": CA_PEM + CA_PEM,
  "/text": "hello",
};
const parse = (value: unknown) => parseTrustPolicy(value, (path) => FILES[path]);

describe("parseTrustPolicy()", () => {
  test("reads a policy with its keys and certificates", () => {
    const policy = parse({
      default: [{ type: "reject" }],
      transports: {
        docker: {
          "": [{ type: "insecureAcceptAnything" }],
          "r.example/team": [
            { type: "sigstoreSigned", keyPath: "/key.pub", signedIdentity: { type: "matchRepository" } },
          ],
          "*.example.com": [{ type: "notationSigned", trustStore: ["/ca.pem"] }],
          "127.0.0.1:5000": [{ type: "sigstoreSigned", keyData: Buffer.from(pem).toString("base64") }],
        },
        "docker-daemon": { "": [{ type: "insecureAcceptAnything" }] },
        "docker-archive": { "": [{ type: "insecureAcceptAnything" }] },
        tarball: { "": [{ type: "reject" }] },
      },
    });
    expect(policy).toEqual({
      default: [{ type: "reject" }],
      archives: { "docker-archive": [{ type: "insecureAcceptAnything" }], tarball: [{ type: "reject" }] },
      scopes: {
        "": [{ type: "insecureAcceptAnything" }],
        "r.example/team": [
          {
            type: "sigstoreSigned",
            keys: [{ path: "/key.pub", pem }],
            signedIdentity: { type: "matchRepository" },
          },
        ],
        "*.example.com": [
          {
            type: "notationSigned",
            trustStore: [
              { path: "/ca.pem", pem: CA_PEM.trim() },
              { path: "/ca.pem", pem: CA_PEM.trim() },
            ],
            trustedIdentities: ["*"],
          },
        ],
        "127.0.0.1:5000": [
          {
            type: "sigstoreSigned",
            keys: [{ path: expect.stringContaining("keyDatas[0]"), pem }],
            signedIdentity: { type: "matchRepoDigestOrExact" },
          },
        ],
      },
    });
  });

  const docker = (requirement: unknown) => ({
    default: [{ type: "reject" }],
    transports: { docker: { "r.example": [requirement] } },
  });
  test.each([
    { title: "no default", policy: {}, reason: 'must say what the "default" is' },
    { title: "an empty list", policy: { default: [] }, reason: "at least one requirement" },
    {
      title: "an unknown field",
      policy: { default: [{ type: "reject" }], x: 1 },
      reason: '"x" is not supported',
    },
    {
      title: "another requirement",
      policy: docker({ type: "signedBy" }),
      reason: '"signedBy" is not supported',
    },
    { title: "no key", policy: docker({ type: "sigstoreSigned" }), reason: "needs a public key" },
    {
      title: "a field that would be ignored",
      policy: docker({ type: "sigstoreSigned", keyPath: "/key.pub", rekorPublicKeyPath: "/key.pub" }),
      reason: '"rekorPublicKeyPath" is not supported',
    },
    {
      title: "a key that is none",
      policy: docker({ type: "sigstoreSigned", keyPath: "/text" }),
      reason: "/text is no public key",
    },
    {
      title: "a private key",
      policy: docker({ type: "sigstoreSigned", keyPath: "/key.pem" }),
      reason: "it is a private key",
    },
    {
      title: "a missing file",
      policy: docker({ type: "sigstoreSigned", keyPath: "/missing" }),
      reason: "/missing cannot be read",
    },
    {
      title: "a store without certificates",
      policy: docker({ type: "notationSigned", trustStore: ["/text"] }),
      reason: "holds no certificate",
    },
    {
      title: "an identity of another kind",
      policy: docker({ type: "notationSigned", trustStore: ["/ca.pem"], trustedIdentities: ["acme"] }),
      reason: 'neither "*" nor',
    },
    {
      title: "a rule for another way in",
      policy: {
        default: [{ type: "reject" }],
        transports: { dir: { "": [{ type: "reject" }] } },
      },
      reason: "only the transports",
    },
    {
      title: "a scope that is no name",
      policy: { default: [{ type: "reject" }], transports: { docker: { "a b": [{ type: "reject" }] } } },
      reason: "is no registry, namespace or image",
    },
  ])("refuses $title", ({ policy, reason }) => {
    expect(() => parse(policy)).toThrow(reason);
  });
});

test.each([
  { name: "r.example/team/app:1", scope: '"r.example/team/app:1"' },
  { name: "r.example/team/app:2", scope: '"r.example/team/app"' },
  { name: "r.example/team/other", scope: '"r.example/team"' },
  { name: "r.example/x", scope: '"r.example"' },
  { name: "a.b.example.com:5000/x", scope: '"*.b.example.com"' },
  { name: "c.example.com/x", scope: '"*.example.com"' },
  { name: "busybox", scope: '"docker.io/library"' },
  { name: "example.com/x", scope: "the default" },
])("ruleFor() finds $scope for $name", ({ name, scope }) => {
  const accept = [{ type: "insecureAcceptAnything" }] as const;
  const names = ["r.example/team/app:1", "r.example/team/app", "r.example/team", "r.example"];
  const scopes = [...names, "*.example.com", "*.b.example.com", "docker.io/library"];
  const policy = {
    default: accept,
    archives: {},
    scopes: Object.fromEntries(scopes.map((each) => [each, accept])),
  };
  expect(ruleFor(policy, parseReference(name)).scope).toBe(scope);
});

describe("identityMismatch()", () => {
  const DIGEST = `sha256:${"0".repeat(64)}`;
  const remap = { type: "remapIdentity", prefix: "mirror.example/up", signedPrefix: "r.example" } as const;
  const cases: readonly { wanted: SignedIdentity; signed: string; name: string; fits: boolean }[] = [
    { wanted: { type: "matchRepository" }, signed: "r.example/a", name: "r.example/a:1", fits: true },
    { wanted: { type: "matchRepository" }, signed: "r.example/a:2", name: "r.example/a:1", fits: true },
    { wanted: { type: "matchRepository" }, signed: "r.example/b", name: "r.example/a:1", fits: false },
    { wanted: { type: "matchRepoDigestOrExact" }, signed: "r.example/a", name: "r.example/a:1", fits: false },
    {
      wanted: { type: "matchRepoDigestOrExact" },
      signed: "r.example/a:1",
      name: "r.example/a:1",
      fits: true,
    },
    {
      wanted: { type: "matchRepoDigestOrExact" },
      signed: "r.example/a",
      name: `r.example/a@${DIGEST}`,
      fits: true,
    },
    { wanted: { type: "matchExact" }, signed: "r.example/a:1", name: `r.example/a@${DIGEST}`, fits: false },
    {
      wanted: { type: "exactRepository", dockerRepository: "r.example/b" },
      signed: "r.example/b",
      name: "r.example/a:1",
      fits: true,
    },
    {
      wanted: { type: "exactReference", dockerReference: "r.example/b:1" },
      signed: "r.example/b:2",
      name: "r.example/a:1",
      fits: false,
    },
    { wanted: remap, signed: "r.example/a:1", name: "mirror.example/up/a:1", fits: true },
    { wanted: remap, signed: "r.example/a:1", name: "mirror.example/upper/a:1", fits: false },
    { wanted: remap, signed: "mirror.example/up/a:1", name: "mirror.example/up/a:1", fits: false },
    { wanted: { type: "matchRepository" }, signed: "", name: "r.example/a:1", fits: false },
    { wanted: { type: "matchRepository" }, signed: "docker.io/library/a", name: "a:1", fits: true },
  ];
  test.each([...cases])(
    "$wanted.type: signed as $signed, pulled as $name: $fits",
    ({ wanted, signed, name, fits }) => {
      expect(identityMismatch(wanted, signed, parseReference(name)) === undefined).toBe(fits);
    },
  );
});
