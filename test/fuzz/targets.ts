/** Parsers of what strangers send, each with texts to begin from and what must hold whatever it is given. */
import { parseChallenges } from "#registry/challenge.ts";
import { credentialsOf } from "#registry/credentials.ts";
import { parseHostsToml } from "#registry/hosts-toml.ts";
import { parseMirror } from "#registry/mirror.ts";
import { proxyFor } from "#registry/proxy.ts";
import { mayReceiveCredentials } from "#registry/realm.ts";
import { retryDelayMs } from "#registry/retry-policy.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "#spec/oci/parse-manifest.ts";
import { parsePlatform } from "#spec/platform.ts";
import { canonicalReference, familiarReference, parseReference } from "#spec/reference.ts";
import { COPY_TARGETS } from "./copy-targets.ts";
import { IMAGE_TARGETS } from "./image-targets.ts";
import { type FuzzTarget, quietly, same } from "./target.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const layer = { mediaType: MEDIA_TYPE.ociLayerGzip, digest, size: 5, annotations: { a: "b" } };
const config = { mediaType: MEDIA_TYPE.ociConfig, digest, size: 2 };
const platform = { os: "linux", architecture: "arm64", variant: "v8" };

export type { FuzzTarget } from "./target.ts";

export const FUZZ_TARGETS = {
  reference: {
    seeds: [
      "debian",
      "debian:12",
      "docker.io/library/debian:12",
      "localhost:5000/team/app_1__x-y:V1.0-rc_2",
      `[2001:db8::1]:5000/a/b@${digest}`,
      `registry.example/a:tag@${digest}`,
    ],
    check(text) {
      const reference = parseReference(text);
      same(parseReference(canonicalReference(reference)), reference);
      // what people read may mean something else when typed again ("docker.io/a.b/c" is shown as "a.b/c"), as Docker's does
      parseReference(familiarReference(reference));
    },
  },
  manifest: {
    seeds: [
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [layer, layer] }),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.dockerIndex,
        manifests: [{ ...layer, mediaType: MEDIA_TYPE.dockerManifest, platform }],
      }),
      JSON.stringify({ schemaVersion: 1, name: "x", fsLayers: [{ blobSum: digest }] }),
    ],
    check(text) {
      for (const mediaType of ["", MEDIA_TYPE.ociManifest, MEDIA_TYPE.dockerIndex]) {
        const parsed = quietly(() => parseManifest(text, mediaType, "it"));
        const all = parsed?.kind === "index" ? parsed.index.manifests : [...(parsed?.manifest.layers ?? [])];
        for (const { digest, size } of all)
          if (!/^sha\d+:[0-9a-f]{64,}$/.test(digest) || !(size >= 0)) throw new Error("a broken descriptor");
      }
    },
  },
  imageConfig: {
    seeds: [
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Env: ["A=b"], Cmd: ["x"], Labels: { a: "b" }, ExposedPorts: { "80/tcp": {} }, User: "0" },
        rootfs: { type: "layers", diff_ids: [digest, digest] },
        history: [{ created: "2026-01-01T00:00:00Z", created_by: "x", empty_layer: true }],
      }),
    ],
    check(text) {
      const { rootfs, os } = parseImageConfig(text, "it");
      if (typeof os !== "string" || !Array.isArray(rootfs.diff_ids))
        throw new Error("a broken configuration");
    },
  },
  challenge: {
    seeds: [
      'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"',
      'Basic realm="a \\"quoted\\" realm", Bearer realm=x,error=insufficient_scope',
      "Negotiate, Basic realm=x",
    ],
    check(text) {
      for (const { scheme, parameters } of parseChallenges(text)) {
        if (scheme !== scheme.toLowerCase()) throw new Error("a scheme that is not lower case");
        if (parameters.realm && URL.canParse(parameters.realm))
          mayReceiveCredentials(new URL("https://registry.example"), new URL(parameters.realm));
      }
    },
  },
  hostsToml: {
    seeds: [
      'server = "https://r.example"\n[host."https://m.example/x"]\ncapabilities = ["pull"]\noverride_path = true\nca = ["a.pem"]\nclient = [["a", "b"]]\n[host."https://m.example/x".header]\nx = ["a", "b"]\n',
      '[host."http://10.0.0.1:5000"]\nskip_verify = true\n',
    ],
    check(text) {
      const { mirrors, server } = parseHostsToml(text, "hosts.toml");
      for (const { url, headers } of [...mirrors, ...(server ? [server] : [])]) {
        if (url.username || url.password || !/^https?:$/.test(url.protocol))
          throw new Error("a strange address");
        if (/[\r\n]/.test(Object.values(headers).join(""))) throw new Error("a header that ends itself");
      }
    },
  },
  mirror: {
    seeds: ["https://mirror.example/prefix/", "http://10.0.0.1:5000", "https://[::1]:5000/x"],
    check(text) {
      const url = new URL(parseMirror(text));
      if (url.username || url.search || url.hash) throw new Error("a strange mirror");
    },
  },
  noProxy: {
    seeds: ["corp.example,.a.b,*.c,10.0.0.0/8,[::1]:5000,fd00::/8,*", "a:80, b:443"],
    check(text) {
      for (const address of ["https://a.corp.example:5000/v2/", "http://10.1.2.3", "https://[fd00::1]"])
        proxyFor(new URL(address), { http: "http://p", https: "http://p", no: text });
    },
  },
  platform: {
    seeds: ["linux/arm64/v8", "amd64", "linux", "windows/amd64", "linux/arm/v7"],
    check: (text) => void parsePlatform(text, platform),
  },
  credentials: {
    seeds: [btoa("ann:secret"), btoa("ann:"), "::", btoa("a:b\0\0")],
    check: (text) => void credentialsOf({ auth: text }),
  },
  retryAfter: {
    seeds: ["120", "Fri, 31 Dec 1999 23:59:59 GMT", "0", "-5"],
    check(text) {
      const delay = retryDelayMs(1, text, 0);
      if (delay !== undefined && !(delay >= 0 && delay <= 60_000)) throw new Error(`waits ${delay} ms`);
    },
  },
  ...IMAGE_TARGETS,
  ...COPY_TARGETS,
} satisfies Record<string, FuzzTarget>;

/** Longest that one text may take: more is a way to stop the daemon. */
export const MAX_MS = 250;

/**
 * Gives a text to a target.
 * @throws Error naming the text when the target's rules do not hold, or for any error that is none of the engine's
 */
export function examine(name: string, { check }: FuzzTarget, text: string): void {
  const before = process.cpuUsage();
  try {
    quietly(() => check(text));
  } catch (error) {
    throw new Error(`${name}: ${JSON.stringify(text)}`, { cause: error });
  }
  if (millisecondsSince(before) <= MAX_MS) return;
  // a collection may come in between once, a bad expression is slow each time
  const again = process.cpuUsage();
  quietly(() => check(text));
  const took = millisecondsSince(again);
  if (took > MAX_MS) throw new Error(`${name}: takes ${took} ms: ${JSON.stringify(text)}`);
}

/** Of the processor, however busy it is with others. */
function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
