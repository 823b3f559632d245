import { expect, test } from "bun:test";
import {
  canonicalReference,
  familiarReference,
  parseReference,
  withDefaultTag,
  withDigest,
  withTag,
} from "./reference.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;

const names: { text: string; canonical: string; familiar?: string }[] = [
  { text: "debian", canonical: "docker.io/library/debian:latest", familiar: "debian:latest" },
  { text: "debian:12", canonical: "docker.io/library/debian:12" },
  { text: "org/app", canonical: "docker.io/org/app:latest", familiar: "org/app:latest" },
  { text: "docker.io/debian", canonical: "docker.io/library/debian:latest", familiar: "debian:latest" },
  { text: "index.docker.io/org/app:1", canonical: "docker.io/org/app:1", familiar: "org/app:1" },
  { text: "localhost/app:1", canonical: "localhost/app:1" },
  { text: "127.0.0.1:5000/app:1", canonical: "127.0.0.1:5000/app:1" },
  { text: "[::1]:5000/app:1", canonical: "[::1]:5000/app:1" },
  { text: "host:5000/a/b/c:1.0_x-y", canonical: "host:5000/a/b/c:1.0_x-y" },
  { text: "Host/app:1", canonical: "Host/app:1" },
  { text: "host:5000", canonical: "docker.io/library/host:5000" },
  { text: "x/a__b--c.d:1", canonical: "docker.io/x/a__b--c.d:1" },
  { text: `debian@${DIGEST}`, canonical: `docker.io/library/debian@${DIGEST}` },
  { text: `debian:12@${DIGEST}`, canonical: `docker.io/library/debian:12@${DIGEST}` },
  {
    text: "docker.io/library/org/app:1",
    canonical: "docker.io/library/org/app:1",
    familiar: "library/org/app:1",
  },
];

test.each(names)("parseReference() completes $text", ({ text, canonical, familiar }) => {
  const reference = withDefaultTag(parseReference(text));
  expect(canonicalReference(reference)).toBe(canonical);
  expect(familiarReference(reference)).toBe(familiar ?? text);
  expect(parseReference(familiarReference(reference))).toEqual(reference);
});

const errors: { text: string; message: string }[] = [
  { text: "", message: "invalid reference format" },
  { text: "Debian", message: "invalid reference format: repository name (library/Debian) must be lowercase" },
  { text: "org/App:1", message: "invalid reference format: repository name (org/App) must be lowercase" },
  { text: "debian:", message: "invalid reference format" },
  { text: "debian:a b", message: "invalid reference format" },
  { text: `debian:${"a".repeat(129)}`, message: "invalid reference format" },
  { text: "-debian", message: "invalid reference format" },
  { text: "a//b", message: "invalid reference format" },
  { text: "a..b", message: "invalid reference format" },
  { text: "host_name.x:1/app", message: "invalid reference format" },
  { text: "https://host/app", message: "invalid reference format" },
  { text: "debian@sha256:abc", message: "invalid reference format" },
  { text: `debian@sha256:${"a".repeat(63)}`, message: "invalid checksum digest length" },
  { text: `debian@sha256:${"A".repeat(64)}`, message: "invalid checksum digest format" },
  { text: `debian@md5:${"a".repeat(32)}`, message: "unsupported digest algorithm" },
  {
    text: "a".repeat(64),
    message: `invalid repository name (${"a".repeat(64)}), cannot specify 64-byte hexadecimal strings`,
  },
  { text: `x/${"a/".repeat(130)}b`, message: "repository name must not be more than 255 characters" },
  { text: "a".repeat(5000), message: "invalid reference format" },
];

test.each(errors)("parseReference() refuses wrong text: $message", ({ text, message }) => {
  expect(() => parseReference(text)).toThrow(new Error(message));
});

test("withTag() and withDigest() replace what was there", () => {
  const reference = parseReference("debian:12");
  expect(canonicalReference(withTag(reference, "13"))).toBe("docker.io/library/debian:13");
  expect(canonicalReference(withDigest(reference, DIGEST))).toBe(`docker.io/library/debian@${DIGEST}`);
  expect(() => withTag(reference, "a:b")).toThrow("invalid tag format");
});
