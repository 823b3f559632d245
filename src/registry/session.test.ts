import { afterAll, beforeEach, expect, test } from "bun:test";
import { systemClock } from "#base/clock.ts";
import { sha256 } from "#base/digest.ts";
import { parseReference } from "#spec/reference.ts";
import { buildImage, sendJson, startTestRegistry, type TestRegistry } from "./_testing/registry.ts";
import type { Repository } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import { login } from "./login.ts";
import { Registries } from "./registries.ts";

const registry = await startTestRegistry();
const other = await startTestRegistry();
const image = await buildImage([["a"]]);
let nowMs = Date.now();
const clock = {
  now: () => nowMs,
  sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
};
let stallTimeoutMs = 20_000;
const registries = new Registries(clock, () => ({
  insecureRegistries: [],
  certsDir: "/nonexistent",
  lookup: async () => [],
  userAgent: "test",
  stallTimeoutMs,
  maxAttempts: 3,
}));
const ann: Credentials = { kind: "password", username: "ann", password: "secret" };
const basicAnn = `Basic ${btoa("ann:secret")}`;
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

beforeEach(() => {
  stallTimeoutMs = 20_000;
  for (const each of [registry, other]) {
    each.add("1", image);
    each.fault = undefined;
    each.requests.length = 0;
    each.authorizations.length = 0;
  }
});

function open(credentials: Credentials = { kind: "anonymous" }, at: TestRegistry = registry): Repository {
  return registries.open(parseReference(`${at.address}/app`), credentials);
}

test("resolve() costs one HEAD", async () => {
  expect(await open().resolve("1")).toEqual({ ...image.manifest });
  expect(registry.requests).toEqual(["HEAD /v2/app/manifests/1"]);
});

test("resolve() leaves to manifest() what HEAD does not say", async () => {
  registry.fault = (_request, response) => response.writeHead(200).end() && true;
  expect(await open().resolve("1")).toBeUndefined();
});

test("manifest() gives the bytes as they are, under the digest they have", async () => {
  const { descriptor, bytes } = await open().manifest("1");
  expect(descriptor).toEqual(image.manifest);
  expect(sha256(bytes)).toBe(image.manifest.digest);
});

test("manifest() refuses a registry that lies about a digest", async () => {
  const wrong = Buffer.from("{}");
  registry.fault = (_request, response) => {
    response.writeHead(200, { "Docker-Content-Digest": image.manifest.digest }).end(wrong);
    return true;
  };
  for (const asked of ["1", image.manifest.digest])
    await expect(open().manifest(asked)).rejects.toThrow(
      `the registry sent a wrong manifest: expected ${image.manifest.digest}, got ${sha256(wrong)}`,
    );
});

test("manifest() does not read one of 100 MB", async () => {
  registry.fault = (_request, response) =>
    response.writeHead(200, { "Content-Length": 100 << 20 }).write("{") || true;
  await expect(open().manifest("1")).rejects.toThrow("at most 8388608 are read");
  registry.fault = (_request, response) => {
    for (let sent = 0; sent < 12; sent++) response.write(Buffer.alloc(1 << 20, " "));
    return response.end() && true;
  };
  await expect(open().manifest("1")).rejects.toThrow("more than 8388608 bytes");
});

test("request() waits for a busy registry as long as it asks", async () => {
  let busy = 2;
  registry.fault = (_request, response) => {
    if (busy-- > 0) sendJson(response, 429, {}, { "Retry-After": "1" });
    return busy >= 0;
  };
  await open().manifest("1");
  expect(registry.requests).toHaveLength(3);
});

test("request() shows a busy registry's words when it stays busy or asks for too much", async () => {
  registry.fault = (_request, response) => {
    const errors = [{ code: "TOOMANYREQUESTS", message: "rate limit" }];
    sendJson(response, 429, { errors }, { "Retry-After": "86400" });
    return true;
  };
  await expect(open().manifest("1")).rejects.toMatchObject({
    message: "toomanyrequests: rate limit",
    hint: "the registry asks to try again after 86400",
  });
  expect(registry.requests).toHaveLength(1);
});

test("request() ends when a registry never answers", async () => {
  stallTimeoutMs = 200;
  registry.fault = () => true;
  await expect(open().manifest("1")).rejects.toThrow("i/o timeout");
});

test("request() ends when the caller goes", async () => {
  registry.fault = () => true;
  const signal = AbortSignal.timeout(20);
  await expect(open().manifest("1", signal)).rejects.toMatchObject({ kind: "cancelled" });
});

function wantBasic(at: TestRegistry): void {
  at.fault = (request, response) => {
    if (request.headers.authorization === basicAnn) return false;
    const errors = [{ code: "UNAUTHORIZED", message: "authentication required" }];
    sendJson(response, 401, { errors }, { "WWW-Authenticate": 'Basic realm="test"' });
    return true;
  };
}

test("basic authentication is used when asked for, and remembered", async () => {
  wantBasic(registry);
  const repository = open(ann);
  await repository.resolve("1");
  await repository.manifest("1");
  expect(registry.authorizations).toEqual([undefined, basicAnn, basicAnn]);
});

test("a registry that wants credentials we do not have, or refuses them, is told apart", async () => {
  wantBasic(registry);
  await expect(open().manifest("1")).rejects.toThrow("no basic auth credentials");
  const wrong: Credentials = { ...ann, password: "wrong" };
  await expect(open(wrong).manifest("1")).rejects.toThrow("unauthorized: authentication required");
  expect(registry.requests).toHaveLength(3);
});

/** Registry `at` wants tokens of the realm at `realm`; both count what they see. */
function wantToken(at: TestRegistry, realm: string, tokens = new Set(["good"])): void {
  at.fault = (request, response) => {
    if (request.url?.startsWith("/token"))
      return sendToken(request.url, request.headers.authorization, response);
    const token = request.headers.authorization?.replace("Bearer ", "");
    if (token && tokens.has(token)) return false;
    const challenge = `Bearer realm="${realm}",service="svc",scope="repository:somebody/else:push"`;
    sendJson(response, 401, {}, { "WWW-Authenticate": challenge });
    return true;
  };
  if (at !== other)
    other.fault = (request, response) =>
      sendToken(request.url ?? "", request.headers.authorization, response);
}

function sendToken(
  _url: string,
  _authorization: string | undefined,
  response: Parameters<typeof sendJson>[0],
): boolean {
  sendJson(response, 200, { token: "good", expires_in: 300, refresh_token: "identity" });
  return true;
}

test("a token is asked for with our own scope, used for all requests, and renewed when it ends", async () => {
  wantToken(registry, `http://${other.address}/token`);
  const repository = open(ann);
  await repository.resolve("1");
  await repository.manifest("1");
  const query = "service=svc&scope=repository%3Aapp%3Apull&account=ann";
  expect(other.requests).toEqual([`GET /token?${query}`]);
  expect(other.authorizations).toEqual([basicAnn]);
  expect(registry.authorizations).toEqual([undefined, "Bearer good", "Bearer good"]);
  nowMs += 295_000;
  await repository.manifest("1");
  expect(other.requests).toHaveLength(2);
});

test("a token the registry no longer takes is renewed at once", async () => {
  const tokens = new Set(["good"]);
  wantToken(registry, `http://${other.address}/token`, tokens);
  const repository = open();
  await repository.resolve("1");
  tokens.clear();
  await expect(repository.manifest("1")).rejects.toThrow("unauthorized");
  expect(other.requests).toHaveLength(2);
});

test("an identity token is shown to the token server as a refresh token", async () => {
  let form = "";
  wantToken(registry, `http://${other.address}/token`);
  other.fault = async (request, response) => {
    for await (const chunk of request) form += chunk;
    sendJson(response, 200, { access_token: "good" });
    return true;
  };
  await open({ kind: "identity", username: "ann", token: "refresh" }).manifest("1");
  expect(Object.fromEntries(new URLSearchParams(form))).toMatchObject({
    grant_type: "refresh_token",
    refresh_token: "refresh",
    scope: "repository:app:pull",
  });
});

test("a registry token is used as it is", async () => {
  wantToken(registry, `http://${other.address}/token`);
  await open({ kind: "registryToken", token: "good" }).manifest("1");
  expect(registry.authorizations).toEqual(["Bearer good"]);
});

test("a realm at a stranger gets no credentials, but may serve public images (reference attack 51)", async () => {
  // 0.0.0.0 reaches the same server under a host name that is not the registry's
  const stranger = `http://0.0.0.0:${other.address.split(":")[1]}/token`;
  wantToken(registry, stranger);
  await open(ann).manifest("1");
  expect(other.authorizations).toEqual([undefined]);
  expect(other.requests[0]).not.toContain("ann");
});

test("a refusal tells that credentials were held back from a stranger", async () => {
  wantToken(registry, `http://0.0.0.0:${other.address.split(":")[1]}/token`, new Set());
  await expect(open(ann).manifest("1")).rejects.toMatchObject({
    hint: expect.stringContaining("were not sent to 0.0.0.0"),
  });
});

test("a token server that refuses the credentials is believed", async () => {
  wantToken(registry, `http://${other.address}/token`);
  other.fault = (_request, response) => {
    sendJson(response, 401, {});
    return true;
  };
  await expect(open(ann).manifest("1")).rejects.toThrow("unauthorized: incorrect username or password");
});

test("a redirect to another host gets no credentials; one on the same host keeps them", async () => {
  wantBasic(registry);
  const basic = registry.fault!;
  registry.fault = async (request, response) => {
    if (await basic(request, response)) return true;
    if (!request.url?.includes("/blobs/") || request.url.includes("again")) return false;
    response.writeHead(307, { Location: `http://${other.address}${request.url}` }).end();
    return true;
  };
  const repository = open(ann);
  await repository.resolve("1");
  using moved = await repository.blob(image.layers[0]!.digest, 0);
  expect(moved.status).toBe(200);
  expect(other.authorizations).toEqual([undefined]);
});

test("redirects have an end", async () => {
  registry.fault = (request, response) => response.writeHead(302, { Location: request.url! }).end() && true;
  await expect(open().manifest("1")).rejects.toThrow("too many redirects");
});

test("tags() follows the pages of one host only", async () => {
  registry.fault = (request, response) => {
    const isFirst = !request.url?.includes("last");
    const link: Record<string, string> = isFirst ? { Link: '</v2/app/tags/list?last=b>; rel="next"' } : {};
    sendJson(response, 200, { name: "app", tags: isFirst ? ["a", "b"] : ["c"] }, link);
    return true;
  };
  expect(await open().tags()).toEqual(["a", "b", "c"]);
  registry.fault = (_request, response) => {
    sendJson(
      response,
      200,
      { tags: null },
      { Link: `<http://${other.address}/v2/app/tags/list>; rel="next"` },
    );
    return true;
  };
  expect(await open().tags()).toEqual([]);
  expect(other.requests).toEqual([]);
});

const address = { serveraddress: registry.address };

test("login() accepts good credentials by basic authentication and refuses others", async () => {
  wantBasic(registry);
  const deps = () => ({ transport: registries.transport(), clock });
  expect(await login(deps(), { ...address, username: "ann", password: "secret" })).toEqual({
    status: "Login Succeeded",
    identityToken: undefined,
  });
  const wrong = { ...address, username: "ann", password: "wrong" };
  await expect(login(deps(), wrong)).rejects.toMatchObject({
    kind: "unauthenticated",
    message: expect.stringContaining("unauthorized: incorrect username or password"),
  });
});

test("login() brings an identity token from a token server, and sends a stranger nothing", async () => {
  const deps = () => ({ transport: registries.transport(), clock });
  const auth = { ...address, username: "ann", password: "secret" };
  wantToken(registry, `http://${other.address}/token`);
  expect((await login(deps(), auth)).identityToken).toBe("identity");
  expect(other.requests[0]).toContain("offline_token=true");
  wantToken(registry, `http://0.0.0.0:${other.address.split(":")[1]}/token`);
  await expect(login(deps(), auth)).rejects.toThrow("the credentials were not sent");
});

test("a registry that is down or unknown is named in Docker's words", async () => {
  const at = (host: string) =>
    registries.open(parseReference(`${host}/app`), { kind: "anonymous" }).manifest("1");
  await expect(at("127.0.0.1:2")).rejects.toThrow(
    'Get "http://127.0.0.1:2/v2/app/manifests/1": dial tcp 127.0.0.1:2: connect: connection refused',
  );
  await expect(at("nosuch.invalid")).rejects.toThrow("lookup nosuch.invalid: no such host");
});
