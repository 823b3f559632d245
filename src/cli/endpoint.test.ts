import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listContexts, removeContext, writeContext } from "./contexts.ts";
import { chooseEndpoint, contextName, type EndpointSources } from "./endpoint.ts";
import { NO_GLOBAL_FLAGS } from "./no-global-flags.ts";

describe("chooseEndpoint()", () => {
  let directory: string;
  const sources = (
    flags: Partial<typeof NO_GLOBAL_FLAGS>,
    env: Record<string, string> = {},
    currentContext?: string,
  ): EndpointSources => ({
    flags: { ...NO_GLOBAL_FLAGS, ...flags },
    env,
    currentContext,
    configDirectory: directory,
  });
  const meta = (Host: string) => ({
    Name: "lab",
    Metadata: {},
    Endpoints: { docker: { Host, SkipTLSVerify: false } },
  });

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "contexts-"));
    writeContext(directory, meta("tcp://lab:2376"), { "ca.pem": "CA" });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test("chooseEndpoint() takes the local socket when nothing names an engine", async () => {
    expect(await chooseEndpoint(sources({}))).toEqual({
      endpoint: { scheme: "unix", path: "/run/wharf/wharf.sock" },
      isDefault: true,
    });
  });

  const hosts: [env: Record<string, string>, flags: Partial<typeof NO_GLOBAL_FLAGS>, host: string][] = [
    [{ DOCKER_HOST: "tcp://a" }, {}, "a"],
    [{ DOCKER_HOST: "tcp://a", WHARF_HOST: "tcp://b" }, {}, "b"],
    [{ DOCKER_HOST: "tcp://a", WHARF_HOST: "tcp://b" }, { host: ["tcp://c"] }, "c"],
    [{ DOCKER_HOST: "tcp://a" }, { context: "lab" }, "lab"],
    [{ DOCKER_CONTEXT: "lab" }, {}, "lab"],
  ];
  for (const [env, flags, host] of hosts)
    test(`chooseEndpoint() prefers ${host} of ${JSON.stringify({ ...env, ...flags })}`, async () => {
      expect((await chooseEndpoint(sources(flags, env))).endpoint).toMatchObject({ scheme: "tcp", host });
    });

  test("chooseEndpoint() takes the configuration's context with its certificates", async () => {
    const { endpoint } = await chooseEndpoint(sources({}, {}, "lab"));
    expect(endpoint).toMatchObject({ host: "lab", port: 2376, tls: { verify: true, ca: "CA" } });
  });

  test("chooseEndpoint() loads certificates for tcp when the environment wants TLS", async () => {
    writeFileSync(join(directory, "cert.pem"), "CERT");
    const env = { DOCKER_HOST: "tcp://a", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: directory };
    expect((await chooseEndpoint(sources({}, env))).endpoint).toMatchObject({
      port: 2376,
      tls: { verify: true, cert: "CERT" },
    });
  });

  test("chooseEndpoint() names the context that is not there", async () => {
    const missing = chooseEndpoint(sources({ context: "nope" }));
    expect(missing).rejects.toThrow('context "nope": context not found');
    await missing.catch(() => {});
  });

  test("contextName() refuses a context and a host at once", () => {
    expect(() => contextName(sources({ context: "a", host: ["b"] }))).toThrow(
      "cannot specify both --host and --context",
    );
  });

  test("listContexts() knows what was written until it is removed", () => {
    writeContext(directory, { ...meta("unix:///x"), Name: "gone" }, {});
    expect(listContexts(directory).map(({ Name }) => Name)).toEqual(["gone", "lab"]);
    removeContext(directory, "gone");
    expect(listContexts(directory).map(({ Name }) => Name)).toEqual(["lab"]);
  });
});
