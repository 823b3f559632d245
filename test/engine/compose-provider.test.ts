/** Services that a program beside the engine makes. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { writeProject } from "../helpers/compose.ts";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();

const PROGRAM = `#!/bin/sh
echo "$@" >>"$(dirname "$0")/calls"
case "$2 $3" in
"metadata ") echo '{"up": {"parameters": [{"name": "size", "required": true}]}}' ;;
*up) echo '{"type": "info", "message": "renting"}'; echo '{"type": "setenv", "message": "URL=db://rented"}' ;;
esac
`;

const YAML = `
services:
  db: {provider: {type: ./rent.sh, options: {size: big, other: x}}}
  web:
    image: busybox
    command: sh -c 'echo "at $$DB_URL"'
    depends_on: [db]`;

test("a provider's program is run by up and down, and tells its dependents what they need", async () => {
  const app = await writeProject(daemon(), "rented", YAML);
  await app.writeFile("rent.sh", PROGRAM);
  await daemon().machine.text(["chmod", "755", join(app.directory, "rent.sh")]);
  const { exitCode, stdout, stderr } = await app.compose("up");
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("db renting")]);
  expect(stdout).toContain("web-1  | at db://rented\n");
  const again = await app.compose("up", "-d", "--wait", "--dry-run");
  expect(again.stderr).toContain("DRY-RUN MODE -  db Created");
  expect(await app.text("run", "--rm", "-T", "web", "sh", "-c", "echo $DB_URL")).toBe("db://rented");
  expect((await app.compose("down", "-t", "0")).stderr).toContain("db Removed");
  const calls = await daemon().machine.text(["grep", "-v", "metadata", join(app.directory, "calls")]);
  expect([...new Set(calls.trim().split("\n"))]).toEqual([
    "compose --project-name=rented up --size=big db",
    "compose --project-name=rented down --size=big --other=x db",
  ]);
});

test("a provider that is missing is named, and nothing is started without it", async () => {
  const app = await writeProject(daemon(), "missing", YAML.replace("./rent.sh", "nosuchprovider"));
  const { exitCode, stderr } = await app.compose("up", "-d");
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining('provider "nosuchprovider" is not installed'),
  ]);
  expect(await daemon().dockerText("ps", "-aq")).toBe("");
});

testNothingIsLeft(daemon);
