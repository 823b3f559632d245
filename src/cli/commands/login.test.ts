import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineReply, FakeEngine } from "../_fake-engine.ts";
import { recordingHost } from "../_recording-host.ts";
import { runCli } from "../cli.ts";

const directory = mkdtempSync(join(tmpdir(), "login-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** `wharf login r.test` where ann's credentials are kept already. */
async function loginAgain(reply: EngineReply, ...flags: string[]) {
  await using engine = await new FakeEngine({ "POST /auth": reply }).listen();
  const auths = { "r.test": { auth: btoa("ann:secret") } };
  await Bun.write(join(directory, "config.json"), JSON.stringify({ auths }));
  const host = recordingHost({ env: { DOCKER_HOST: engine.host, DOCKER_CONFIG: directory } });
  const exitCode = await runCli(["login", ...flags, "r.test"], host);
  return { exitCode, host, requests: engine.requests };
}

test("login tries the credentials that are kept before it asks for any", async () => {
  const { exitCode, host, requests } = await loginAgain({ json: { Status: "Login Succeeded" } });
  expect([exitCode, host.stdoutText]).toEqual([0, "Login Succeeded\n"]);
  expect(host.stderrText).toContain("Authenticating with existing credentials... [Username: ann]");
  expect(JSON.parse(requests[0]!.body)).toMatchObject({ username: "ann", password: "secret" });
});

test("login asks when what is kept holds no more", async () => {
  const refusal = { status: 401, json: { message: "unauthorized" } };
  const { exitCode, host } = await loginAgain(refusal);
  expect(exitCode).toBe(1);
  expect(host.stderrText).toContain("Stored credentials invalid or expired");
  expect(host.stderrText).toContain("Cannot perform an interactive login from a non TTY device");
});

test("login with a name given does not look at what is kept", async () => {
  const { host, requests } = await loginAgain({ json: { Status: "Login Succeeded" } }, "-u", "eve");
  expect(host.stderrText).not.toContain("existing credentials");
  expect(requests).toEqual([]);
});
