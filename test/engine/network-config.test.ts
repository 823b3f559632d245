/** Networks that only carry the configuration of others. The same questions are put to dockerd with WHARF_TEST_ENGINE=dockerd. */
import { expect, test } from "bun:test";
import { testNothingIsLeft, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);

async function refusal(...args: string[]): Promise<string> {
  const { exitCode, stderr } = await daemon().docker(...args);
  expect(exitCode).toBeGreaterThan(0);
  return stderr.replace(/^(?:docker: )?Error response from daemon: /, "").split("\n")[0]!;
}

const inspect = async (name: string) => JSON.parse(await docker("network", "inspect", name))[0];

test("a configuration is kept, taken over, and held while a network has it", async () => {
  const flags = [
    "--subnet",
    "10.77.0.0/24",
    "--label",
    "a=b",
    "-o",
    "com.docker.network.bridge.enable_icc=false",
  ];
  await docker("network", "create", "--config-only", ...flags, "cfg");
  const kept = await inspect("cfg");
  expect(kept).toMatchObject({
    ConfigOnly: true,
    ConfigFrom: { Network: "" },
    Driver: "null",
    Labels: { a: "b" },
  });
  expect(kept.IPAM.Config).toEqual([{ Subnet: "10.77.0.0/24" }]);
  await docker("network", "create", "--config-from", "cfg", "--internal", "taker");
  expect(await inspect("taker")).toMatchObject({
    ConfigOnly: false,
    ConfigFrom: { Network: "cfg" },
    Driver: "bridge",
    Internal: true,
    Labels: { a: "b" },
    Options: { "com.docker.network.bridge.enable_icc": "false" },
    IPAM: { Config: [{ Subnet: "10.77.0.0/24" }] },
  });
  expect(await refusal("network", "rm", "cfg")).toContain(
    'error while removing network: configuration network "cfg" is in use',
  );
  expect(await refusal("network", "create", "--config-from", "cfg", "second")).toContain(
    "Pool overlaps with other one on this address space",
  );
  await docker("network", "prune", "-f");
  expect(await docker("network", "ls", "--format", "{{.Name}} {{.Driver}}", "--filter", "type=custom")).toBe(
    "cfg null",
  );
});

test("what cannot be configured is refused in Docker's words", async () => {
  const create = (...flags: string[]) => refusal("network", "create", ...flags, "never");
  const operators =
    "configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.";
  expect(await create("--config-only", "--internal")).toBe(operators);
  expect(await create("--config-only", "--attachable")).toBe(operators);
  expect(await create("--config-only", "--config-from", "cfg")).toBe(
    "a configuration network cannot depend on another configuration network",
  );
  await docker("network", "create", "plain");
  for (const source of ["missing", "plain"])
    expect(await create("--config-from", source)).toBe(`configuration network "${source}" does not exist`);
  for (const flags of [["--subnet", "10.78.0.0/24"], ["--label", "x=y"], ["--ipv6"]])
    expect(await create("--config-from", "cfg", ...flags)).toBe(
      "user specified configurations are not supported if the network depends on a configuration network",
    );
  expect(await create("--config-from", "cfg", "-o", "x=y")).toBe(
    "network driver options are not supported if the network depends on a configuration network",
  );
});

test("nobody can be in it", async () => {
  const places = "cannot create endpoint on configuration-only network";
  expect(await refusal("run", "--rm", "--network", "cfg", "busybox", "true")).toContain(places);
  await docker("run", "-d", "--name", "there", "busybox", "sleep", "1000");
  expect(await refusal("network", "connect", "cfg", "there")).toBe(places);
  await docker("rm", "-f", "there");
  await docker("network", "rm", "plain", "cfg");
});

testNothingIsLeft(daemon);
