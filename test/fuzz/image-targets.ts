/** What archives, signatures and instructions bring, and what a registry answers beside manifests and blobs. */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readLayout } from "#images/archive/layout.ts";
import { applyChanges } from "#images/changes.ts";
import { BUNDLE_TYPE, bundleClaim } from "#images/trust/bundle.ts";
import { readClaim } from "#images/trust/cosign.ts";
import { identityMismatch } from "#images/trust/identity.ts";
import { envelopeRefusal } from "#images/trust/notation.ts";
import { parseTrustPolicy } from "#images/trust/policy.ts";
import { ruleFor } from "#images/trust/scope.ts";
import { readTags } from "#registry/client.ts";
import { registryError } from "#registry/errors.ts";
import { readResults } from "#registry/search.ts";
import { parseToken } from "#registry/token.ts";
import { uploadLocation } from "#registry/upload-location.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { canonicalReference, parseReference } from "#spec/reference.ts";
import { type FuzzTarget, quietly, same } from "./target.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const manifest = { mediaType: MEDIA_TYPE.ociManifest, digest, size: 7 };
const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({
  type: "spki",
  format: "pem",
}) as string;

export const IMAGE_TARGETS = {
  archiveIndex: {
    seeds: [
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.ociIndex,
        manifests: [
          {
            ...manifest,
            annotations: {
              "io.containerd.image.name": "docker.io/library/a:b",
              "org.opencontainers.image.ref.name": "b",
            },
          },
          { ...manifest, annotations: { "org.opencontainers.image.ref.name": "localhost:5000/x/y:z" } },
        ],
      }),
    ],
    check: (text) => checkLayout("index.json", text),
  },
  archiveManifest: {
    seeds: [
      JSON.stringify([
        {
          Config: "0123.json",
          RepoTags: ["a:b", "localhost:5000/x/y:z"],
          Layers: ["0/layer.tar", "1/layer.tar"],
        },
        { Config: "blobs/sha256/0123", RepoTags: null, Layers: [] },
      ]),
    ],
    check: (text) => checkLayout("manifest.json", text),
  },
  changes: {
    seeds: [
      'CMD ["sh", "-c", "true"]\nENTRYPOINT /bin/x y\nENV a=b c="d e" f=\\"\nENV old all the rest',
      'EXPOSE 80 90-92/udp 7/sctp\nHEALTHCHECK --interval=5s --retries=3 --start-period=1m CMD ["a"]',
      "HEALTHCHECK NONE\nLABEL x=y\nLABEL \"a b\"='c d'\nONBUILD RUN x\nSTOPSIGNAL SIGTERM\nUSER a:b",
      'VOLUME ["/a", "/b"]\nVOLUME /c /d\nWORKDIR ../x',
    ],
    check(text) {
      const before = { Env: ["a=1"], Cmd: ["x"], WorkingDir: "/w", Labels: { z: "1" } };
      const config = applyChanges(before, [text]);
      if (!config.WorkingDir?.startsWith("/")) throw new Error(`works in ${config.WorkingDir}`);
      if (config.Env?.some((entry) => !entry.includes("="))) throw new Error("a variable without a value");
      for (const words of [config.Cmd, config.Entrypoint, config.Healthcheck?.Test])
        if (words && !words.every((word) => typeof word === "string")) throw new Error("a word that is none");
      same(before, { Env: ["a=1"], Cmd: ["x"], WorkingDir: "/w", Labels: { z: "1" } });
    },
  },
  trustPolicy: {
    seeds: [
      JSON.stringify({
        default: [{ type: "reject" }],
        transports: {
          docker: {
            "": [{ type: "insecureAcceptAnything" }],
            "*.example.com": [{ type: "sigstoreSigned", keyPath: "/key.pub" }],
            "registry.example:5000/a/b": [
              {
                type: "sigstoreSigned",
                keyDatas: [Buffer.from(pem).toString("base64")],
                signedIdentity: { type: "remapIdentity", prefix: "a/b", signedPrefix: "c/d" },
              },
            ],
            "docker.io/library/x:1": [
              {
                type: "notationSigned",
                trustStore: ["/ca.pem"],
                trustedIdentities: ["x509.subject: C=DE, O=x"],
              },
            ],
          },
          "docker-archive": { "": [{ type: "insecureAcceptAnything" }] },
        },
      }),
    ],
    check(text) {
      const value = jsonOf(text);
      const policy = parseTrustPolicy(value, (path) => (path === "/key.pub" ? pem : undefined));
      for (const name of ["a", "registry.example:5000/a/b/c:1", `docker.io/library/x@${digest}`])
        if (ruleFor(policy, parseReference(name)).requirements.length === 0)
          throw new Error("a rule that asks for nothing");
    },
  },
  simpleSigning: {
    seeds: [
      JSON.stringify({
        critical: {
          identity: { "docker-reference": "registry.example:5000/a/b:1" },
          image: { "docker-manifest-digest": digest },
          type: "cosign container image signature",
        },
        optional: null,
      }),
    ],
    check(text) {
      const claim = readClaim(Buffer.from(text));
      if (typeof claim === "string") return;
      const reference = parseReference("registry.example:5000/a/b:1");
      const isMatch = identityMismatch({ type: "matchExact" }, claim.name, reference) === undefined;
      if (isMatch) same(canonicalReference(parseReference(claim.name!)), canonicalReference(reference));
    },
  },
  notationEnvelope: {
    seeds: [
      JSON.stringify({
        payload: "e30",
        protected: Buffer.from(JSON.stringify({ alg: "ES256", cty: "x", crit: ["y"] })).toString("base64url"),
        header: { x5c: ["MAo="] },
        signature: "AAAA",
      }),
    ],
    check(text) {
      const rules = { trustStore: [], trustedIdentities: ["*"] };
      const facts = { mediaType: "application/jose+json", target: digest, nowMs: 0 };
      const refusal = envelopeRefusal(Buffer.from(text), rules, facts);
      if (refusal === undefined) throw new Error("signed by nobody");
    },
  },
  coseEnvelope: {
    seeds: [
      readFileSync(join(import.meta.dir, "../fixtures/notation/p256.cose"), "latin1"),
      "\xd2\x84\x43\xa1\x01\x26\xa1\x18\x21\x41\x30\x42{}\x41\x00",
    ],
    check(text) {
      const rules = { trustStore: [], trustedIdentities: ["*"] };
      const facts = { mediaType: "application/cose", target: digest, nowMs: 0 };
      const refusal = envelopeRefusal(Buffer.from(text, "latin1"), rules, facts);
      if (refusal === undefined) throw new Error("signed by nobody");
    },
  },
  bundle: {
    seeds: [
      JSON.stringify({
        mediaType: BUNDLE_TYPE,
        dsseEnvelope: {
          payload: Buffer.from(JSON.stringify({ subject: [{ digest: { sha256: "0" } }] })).toString("base64"),
          payloadType: "application/vnd.in-toto+json",
          signatures: [{ sig: "AAAA" }],
        },
      }),
    ],
    check(text) {
      const claim = bundleClaim(Buffer.from(text), [{ path: "/key.pub", pem }]);
      if (typeof claim !== "string") throw new Error("signed by nobody");
    },
  },
  registryAnswer: {
    seeds: [
      JSON.stringify({ token: "abc.def", access_token: "x", expires_in: 300, refresh_token: "r" }),
      JSON.stringify({
        errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown", detail: { a: 1 } }],
      }),
      JSON.stringify({
        results: [{ name: "a/b", description: "c", star_count: 1, is_official: true, is_automated: false }],
      }),
      JSON.stringify({ name: "a/b", tags: ["1", "latest"] }),
    ],
    check(text) {
      const token = quietly(() => parseToken(text, "it"));
      if (token && (/[\s\0]/.test(token.value) || !(token.lifetimeMs > 0))) throw new Error("a broken token");
      const { message } = registryError({ status: 404, body: text, challenges: [], request: "it" });
      if (/\p{Cc}/u.test(message) || message.length > 1000)
        throw new Error(`says ${JSON.stringify(message)}`);
      for (const { name, star_count } of quietly(() => readResults(Buffer.from(text))) ?? [])
        if (typeof name !== "string" || Number.isNaN(star_count)) throw new Error("a broken result");
      for (const tag of quietly(() => readTags(Buffer.from(text))) ?? [])
        if (typeof tag !== "string") throw new Error("a tag that is no text");
    },
  },
  uploadLocation: {
    seeds: [
      "/v2/a/b/blobs/uploads/0123?_state=x%3D",
      "https://other.example:5000/upload?x=y",
      "http://registry.example/v2/x",
      "../x",
    ],
    check(text) {
      const from = new URL("https://user@registry.example/v2/a/blobs/uploads/");
      const url = uploadLocation(text, from, "it");
      if (text !== "" && (url.username || url.password)) throw new Error("goes with a user");
      if (url.protocol !== "https:") throw new Error("goes in plain text");
      if (text.startsWith("http:") && url.host !== from.host) throw new Error("goes to another host");
    },
  },
} satisfies Record<string, FuzzTarget>;

function checkLayout(file: string, text: string): void {
  for (const { names, source } of readLayout((name) => (name === file ? text : undefined))) {
    for (const name of names) {
      if (!name.tag && !name.digest) throw new Error("a name without a tag");
      same(parseReference(canonicalReference(name)), name);
    }
    const texts = source.kind === "oci" ? [source.target.digest] : [source.config, ...source.layers];
    if (!texts.every((one) => typeof one === "string")) throw new Error("a file's name that is no text");
  }
}

/** What is no JSON never reaches the parser. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
