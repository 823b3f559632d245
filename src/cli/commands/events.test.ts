import { expect, test } from "bun:test";
import { FakeEngine } from "../_fake-engine.ts";
import { recordingHost } from "../_recording-host.ts";
import { runCli } from "../cli.ts";

const event = {
  Type: "volume",
  Action: "create",
  Actor: { ID: "v1", Attributes: { b: "2", a: "<1>" } },
  scope: "local",
  time: 1795231568,
};

async function events(...args: string[]): Promise<string> {
  const text = `${JSON.stringify(event).slice(0, -1)},"timeNano":1795231568967305339}\n`;
  await using engine = await new FakeEngine({ "GET /events": { text } }).listen();
  const host = recordingHost({ env: { DOCKER_HOST: engine.host, DOCKER_CONFIG: "/nonexistent" } });
  await runCli(["events", ...args], host);
  return host.stdoutText;
}

test("events shows exact times and sorted attributes", async () => {
  expect(await events()).toMatch(/^2026-11-\S+:\d\d\.967305339\S* volume create v1 \(a=<1>, b=2\)\n$/);
});

test("events shows JSON with the number as it came", async () => {
  expect(await events("--format", "json")).toEndWith(
    '"a":"\\u003c1\\u003e"}},"scope":"local","time":1795231568,"timeNano":1795231568967305339}\n',
  );
});

test("events fills in a template for each", async () => {
  expect(await events("--format", "{{.Type}}/{{.Actor.ID}} {{.TimeNano}}")).toBe(
    "volume/v1 1795231568967305339\n",
  );
});
