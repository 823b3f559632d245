import { expect, test } from "bun:test";
import { parseChallenges } from "./challenge.ts";
import { pullError, type Refusal, registryError } from "./errors.ts";

const names = { name: "debian", reference: "debian:none" };
const request = 'Get "https://registry.example/v2/x"';
const refusal = (status: number, body: unknown, header = ""): Refusal => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  challenges: parseChallenges(header),
  request,
});
const withCode = (code: string, message: string) => ({ errors: [{ code, message }] });

const cases: { name: string; refusal: Refusal; kind: string; message: string }[] = [
  {
    name: "an unknown tag",
    refusal: refusal(404, withCode("MANIFEST_UNKNOWN", "manifest unknown")),
    kind: "notFound",
    message: "manifest for debian:none not found: manifest unknown: manifest unknown",
  },
  {
    name: "an unknown repository",
    refusal: refusal(404, withCode("NAME_UNKNOWN", "repository name not known to registry")),
    kind: "notFound",
    message: "repository debian not found: name unknown: repository name not known to registry",
  },
  {
    name: "a 404 without a body",
    refusal: refusal(404, ""),
    kind: "notFound",
    message: "manifest for debian:none not found: manifest unknown: manifest unknown",
  },
  {
    name: "a repository that may not be read",
    refusal: refusal(403, withCode("DENIED", "requested access to the resource is denied")),
    kind: "notFound",
    message:
      "pull access denied for debian, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  },
  {
    name: "a token without the right",
    refusal: refusal(
      401,
      withCode("UNAUTHORIZED", "authentication required"),
      'Bearer realm="https://x/token",error="insufficient_scope"',
    ),
    kind: "notFound",
    message:
      "pull access denied for debian, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  },
  {
    name: "wrong credentials",
    refusal: refusal(401, withCode("UNAUTHORIZED", "authentication required")),
    kind: "permissionDenied",
    message: "unauthorized: authentication required",
  },
  {
    name: "too many requests",
    refusal: refusal(429, withCode("TOOMANYREQUESTS", "You have reached your pull rate limit")),
    kind: "unavailable",
    message: "toomanyrequests: You have reached your pull rate limit",
  },
  {
    name: "a page of a proxy",
    refusal: refusal(502, "<html>\u001b[31mbad\u001b[0m gateway</html>"),
    kind: "unavailable",
    message: `unknown: ${request}: unexpected status 502: <html> [31mbad [0m gateway</html>`,
  },
];

test.each(cases)("pullError() words $name as dockerd does", ({ refusal, kind, message }) => {
  const error = pullError(refusal, names);
  expect({ kind: error.kind as string, message: error.message }).toEqual({ kind, message });
});

test("registryError() says nothing of pulls", () => {
  expect(registryError(refusal(403, withCode("DENIED", "no"))).message).toBe("denied: no");
});

test("registryError() bounds what a server can print", () => {
  expect(registryError(refusal(400, "x".repeat(10_000))).message.length).toBeLessThan(500);
});
