/** Managed plugins: made, pushed, installed and used by the stock client; the plugin is one static program of ours. */
import { beforeAll, expect, test } from "bun:test";
import { commandsFor } from "../helpers/commands.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { PLUGIN_PROGRAM, pluginPid, writePlugin } from "../helpers/plugins.ts";
import { startRegistry } from "../helpers/registry.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const { docker, refused, sh, home } = commandsFor(daemon);

let registry = "";
const CONFIG = {
  description: "volumes of tests",
  documentation: "none",
  entrypoint: [...PLUGIN_PROGRAM, "VolumeDriver"],
  interface: { types: ["docker.volumedriver/1.0"], socket: "p.sock" },
  linux: { capabilities: ["CAP_SYS_ADMIN"] },
  mounts: [
    {
      name: "host",
      source: "/tmp",
      destination: "/host",
      type: "bind",
      options: ["rbind"],
      settable: ["source"],
    },
  ],
  env: [
    { name: "MARK", value: "first", settable: ["value"] },
    { name: "FIXED", value: "1" },
  ],
  propagatedmount: "/data",
};

const plugin = (name: string, config: object) => writePlugin(daemon(), name, config);
const inspect = async (name: string) => JSON.parse(await docker("plugin", "inspect", name))[0];
const pidOf = () => pluginPid(daemon());

beforeAll(async () => {
  registry = (await startRegistry(daemon().machine)).address;
  const volumes = await plugin("volumes", CONFIG);
  await docker("plugin", "create", `${registry}/test/vol:v1`, volumes);
  const next = { ...CONFIG, description: "newer", env: [...CONFIG.env, { name: "NEW", value: "x" }] };
  await docker("plugin", "create", `${registry}/test/vol:v2`, await plugin("next", next));
  for (const tag of ["v1", "v2"]) {
    expect(await docker("plugin", "push", `${registry}/test/vol:${tag}`)).toStartWith(
      `The push refers to repository [${registry}/test/vol]`,
    );
    await docker("plugin", "rm", `${registry}/test/vol:${tag}`);
  }
});

const grant = (...args: string[]) => docker("plugin", "install", "--grant-all-permissions", ...args);

test("what is no plugin is not made one, and a name is given once", async () => {
  const name = `${registry}/bad/one`;
  const directory = await plugin("bad", CONFIG);
  await docker("plugin", "create", name, directory);
  expect(await refused("plugin", "create", name, directory)).toContain(
    `plugin ${name}:latest already exists`,
  );
  await docker("plugin", "rm", name);
  await sh(`rm ${directory}/config.json; ln -s /etc/passwd ${directory}/config.json`);
  await refused("plugin", "create", name, directory);
  if (!IS_DOCKERD) {
    for (const [config, text] of [
      [{ ...CONFIG, interface: { ...CONFIG.interface, socket: "../../x.sock" } }, "Interface.Socket"],
      [{ ...CONFIG, propagatedmount: "/data/../.." }, "PropagatedMount"],
      [{ ...CONFIG, entrypoint: [] }, "Entrypoint"],
    ] as const) {
      await sh(`rm -f ${directory}/config.json`);
      await plugin("bad", config);
      expect(await refused("plugin", "create", name, directory)).toContain(`invalid plugin config: ${text}`);
    }
    // An archive whose configuration is a link must not show what the link leads to.
    const archive = await Bun.file(
      daemon().machine.outside(
        await sh(`cd ${directory}; rm config.json; ln -s /etc/passwd config.json
          tar -cf ../link.tar config.json rootfs; printf ${home("link.tar")}`),
      ),
    ).bytes();
    const answer = await fetch(`http://d/v1.43/plugins/create?name=${name}`, {
      unix: daemon().machine.outside(daemon().socket),
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: archive,
    });
    expect([answer.status, await answer.text()]).toEqual([400, '{"message":"config not found"}\n']);
  }
  expect(await docker("plugin", "ls", "-q")).toBe("");
});

// dockerd 20.10 installs some of these: the hole that was found in it.
test.skipIf(IS_DOCKERD)(
  "privileges are asked for, and attack 43: what is granted must be exactly that",
  async () => {
    const name = `${registry}/test/vol:v1`;
    expect(await refused("plugin", "install", name)).toContain(
      `permission denied while installing plugin ${name}`,
    );
    const wanted = (await daemon().api("GET", `/v1.41/plugins/privileges?remote=${name}`)).json as {
      Name: string;
      Value: string[];
    }[];
    expect(wanted).toEqual([
      { Name: "mount", Description: "host path to mount", Value: ["/tmp"] },
      {
        Name: "capabilities",
        Description: "list of additional capabilities required",
        Value: ["CAP_SYS_ADMIN"],
      },
    ] as never);
    const [mount, capabilities] = wanted;
    const pull = async (privileges: unknown) =>
      (await daemon().api("POST", `/v1.41/plugins/pull?remote=${name}`, privileges)).text;
    for (const granted of [
      [],
      [mount],
      [capabilities],
      [mount, mount],
      [mount, { ...capabilities, Value: ["CAP_NET_ADMIN"] }],
      [mount, { ...capabilities, Value: [] }],
      [mount, capabilities, { Name: "network", Value: ["host"] }],
    ])
      expect([granted, await pull(granted)]).toEqual([
        granted,
        expect.stringContaining("incorrect privileges"),
      ]);
    expect(await docker("plugin", "ls", "-q")).toBe("");
    expect(await pull([capabilities, mount])).not.toContain("error"); // the twin: in another order
    expect(await docker("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}")).toBe(`${name} false`);
    await docker("plugin", "rm", name);
  },
);

test("an installed one keeps volumes, is told of, and is in use", async () => {
  const name = `${registry}/test/vol:v1`;
  expect(await grant(name, "MARK=mine")).toContain(`Installed plugin ${name}`);
  expect(await docker("plugin", "ls", "--format", "{{.Name}}|{{.Description}}|{{.Enabled}}")).toBe(
    `${name}|volumes of tests|true`,
  );
  expect(await refused("plugin", "install", "--grant-all-permissions", name)).toContain("already exists");
  const { Config, Settings, PluginReference, Id } = await inspect(name);
  expect(PluginReference).toBe(name);
  expect(Settings).toMatchObject({ Args: [], Devices: [], Env: ["MARK=mine", "FIXED=1"] });
  expect(Config).toMatchObject({
    Args: { Description: "", Name: "", Settable: null, Value: null },
    Interface: { Socket: "p.sock", Types: ["docker.volumedriver/1.0"] },
    Linux: { AllowAllDevices: false, Capabilities: ["CAP_SYS_ADMIN"], Devices: null },
    Network: { Type: "" },
    User: {},
  });
  for (const [filter, count] of [
    ["enabled=true", 1],
    ["enabled=false", 0],
    ["capability=volumedriver", 1],
    ["capability=authz", 0],
  ] as const)
    expect([filter, (await docker("plugin", "ls", "-q", "--filter", filter)).length > 0]).toEqual([
      filter,
      count > 0,
    ]);
  expect(await refused("plugin", "ls", "--filter", "nope=1")).toContain("Invalid filter 'nope'");

  await docker("volume", "create", "-d", name, "data");
  const volume = JSON.parse(await docker("volume", "inspect", "data"))[0];
  expect(volume).toMatchObject({ Driver: name, Scope: "global", Status: { mark: "mine" } });
  expect(
    await docker("run", "--rm", "-v", "data:/d", "busybox", "sh", "-c", "echo 1 >/d/f; df -k /d | tail -1"),
  ).toMatch(/^data\s+1024\s/);
  for (const verb of ["disable", "rm"])
    expect(await refused("plugin", verb, name)).toContain(`plugin ${name} is in use`);
  expect(await refused("plugin", "set", name, "MARK=x")).toContain(
    "cannot set on an active plugin, disable plugin before setting",
  );
  expect(await refused("plugin", "enable", name)).toContain(
    `plugin already enabled: plugin ${name} is enabled`,
  );
  await docker("plugin", "disable", "-f", name);
  expect(await refused("plugin", "disable", name)).toContain(
    `plugin is already disabled: plugin ${name} found but disabled`,
  );
  expect(await refused("run", "--rm", "-v", "data:/d", "busybox", "true")).toContain("disabled");
  expect(await refused("plugin", "set", name, "FIXED=2")).toContain('"FIXED" is not settable');
  expect(await refused("plugin", "set", name, "NOPE=2")).toContain(
    'setting "NOPE" not found in the plugin configuration',
  );
  await docker("plugin", "enable", Id.slice(0, 8));
  await docker("volume", "rm", "data");
  await docker("plugin", "disable", name);
  await docker("plugin", "rm", name);
  expect(await refused("plugin", "rm", name)).toContain(`plugin "${name}" not found`);
});

test.skipIf(IS_DOCKERD)("it is started again when it dies, and outlives the engine", async () => {
  const name = `${registry}/test/vol:v1`;
  await grant("--alias", "ours/vol", name);
  await docker("volume", "create", "-d", "ours/vol", "kept");
  await docker("run", "-d", "--name", "user", "-v", "kept:/k", "busybox", "top");
  const first = await pidOf();
  await sh(`kill -9 ${first}`);
  const second = await until(
    "started again",
    () => pidOf(),
    (pid) => pid !== "" && pid !== first,
  );
  expect(await docker("run", "--rm", "-v", "kept:/k", "busybox", "df", "/k")).toContain("kept");

  await daemon().kill();
  await daemon().start();
  expect(await pidOf()).toBe(second);
  expect(await docker("run", "--rm", "-v", "kept:/k", "busybox", "df", "/k")).toContain("kept");
  await daemon().kill();
  await sh(`kill -9 ${second}`);
  await daemon().start();
  await until(
    "started by the next engine",
    () => pidOf(),
    (pid) => pid !== "" && pid !== second,
  );
  await docker("rm", "-f", "user");
  await docker("volume", "rm", "kept");
  expect(await docker("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}")).toBe("ours/vol:latest true");
  await docker("plugin", "rm", "-f", "ours/vol");
  expect(await pidOf()).toBe("");
});

test("an upgrade brings the new version and keeps what was set", async () => {
  const name = `${registry}/test/vol:v1`;
  await grant("--alias", "ours/up", "--disable", name, "MARK=kept", "host.source=/var");
  expect((await inspect("ours/up")).PluginReference).toBe(name);
  await docker(
    "plugin",
    "upgrade",
    "--skip-remote-check",
    "--grant-all-permissions",
    "ours/up",
    `${registry}/test/vol:v2`,
  );
  const { Config, Settings, PluginReference } = await inspect("ours/up");
  expect([Config.Description, PluginReference]).toEqual(["newer", `${registry}/test/vol:v2`]);
  if (!IS_DOCKERD) expect(Settings.Env).toEqual(["MARK=kept", "FIXED=1", "NEW=x"]);
  expect(Settings.Mounts[0].Source).toBe("/var");
  await docker("plugin", "enable", "ours/up");
  expect(await refused("plugin", "upgrade", "ours/up")).toContain(
    "the plugin must be disabled before upgrading",
  );
  await docker("plugin", "rm", "-f", "ours/up");
});

test.skipIf(IS_DOCKERD)("one that does not run, or is an image, says so and leaves nothing", async () => {
  const broken = { ...CONFIG, entrypoint: ["/none"] };
  await docker("plugin", "create", "broken", await plugin("broken", broken));
  expect(await refused("plugin", "enable", "broken")).toContain("/none");
  const silent = { ...CONFIG, entrypoint: ["/plugin"] };
  await docker("plugin", "create", "silent", await plugin("silent", silent));
  expect(await refused("plugin", "enable", "silent")).toContain("ended with exit code 2 before it listened");
  expect(await docker("plugin", "ls", "-q", "--filter", "enabled=true")).toBe("");
  await docker("plugin", "rm", "broken", "silent");

  await docker("tag", "busybox", `${registry}/an/image`);
  await docker("push", "-q", `${registry}/an/image`);
  expect(await refused("plugin", "install", `${registry}/an/image`)).toContain("is no plugin");
  expect(await refused("pull", `${registry}/test/vol:v1`)).toContain(
    'Encountered remote "application/vnd.docker.plugin.v1+json"(plugin) when fetching',
  );
  await docker("rmi", `${registry}/an/image`);
  expect(
    await sh(`ls -A ${daemon().dataRoot}/plugins/installed /run/wharf/plugins /run/wharf/plugin-runs`),
  ).not.toMatch(/[0-9a-f]{64}/);
  expect(await sh(`find ${daemon().dataRoot}/plugins/content -type f`)).toBe("");
});

test.skipIf(IS_DOCKERD)("a start that the engine's end cut off leaves nothing running", async () => {
  await docker(
    "plugin",
    "create",
    "slow",
    await plugin("slow", { ...CONFIG, entrypoint: ["/plugin", "sleep"] }),
  );
  const pid = async () => (await sh("pgrep -of '^/plugin sleep' || true")).trim();
  const enabling = daemon().docker("plugin", "enable", "slow");
  await until("it runs", pid, (text) => text !== "");
  await daemon().kill();
  expect((await enabling).exitCode).not.toBe(0);
  await daemon().start();
  await until("it is gone", pid, (text) => text === "");
  expect(await docker("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}")).toBe("slow:latest false");
  await docker("plugin", "rm", "slow");
});

test("what happens to one is told", async () => {
  const begin = String(Math.floor(Date.now() / 1000) - 1);
  await grant("--alias", "told", `${registry}/test/vol:v1`);
  const { Id } = await inspect("told");
  await docker("plugin", "rm", "-f", "told");
  const text = await docker(
    "events",
    "--since",
    begin,
    "--until",
    String(Math.floor(Date.now() / 1000) + 1),
    "--filter",
    "type=plugin",
    "--format",
    "{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}",
  );
  const events = text.split("\n").filter((line) => /told/.test(line));
  expect(events.slice(0, 2)).toEqual([
    `pull ${registry}/test/vol:v1 told:latest`,
    `enable ${Id} told:latest`,
  ]);
  expect(events.at(-1)).toMatch(new RegExp(`^remove ${Id} told`));
});

test.skipIf(IS_DOCKERD)("wharf's own verbs do the same as docker's", async () => {
  const wharf = (...args: string[]) => daemon().wharfText("plugin", ...args);
  const name = `${registry}/test/vol:v1`;
  expect(await wharf("create", "--compress", "made/here", home("volumes"))).toBe("made/here");
  const { exitCode, stdout, stderr } = await daemon().wharf("plugin", "install", name);
  expect([exitCode, stderr]).toEqual([1, `permission denied while installing plugin ${name}\n`]);
  expect(stdout).toBe(
    `Plugin "${name}" is requesting the following privileges:\n - mount: [/tmp]\n - capabilities: [CAP_SYS_ADMIN]\n` +
      "Do you grant the above permissions? [y/N] ",
  );
  const installed = await wharf("install", "--grant-all-permissions", "--alias", "ours", name, "MARK=a");
  expect(installed).toEndWith(`Installed plugin ${name}`);
  for (const args of [["ls"], ["ls", "--no-trunc", "-f", "enabled=true"], ["ls", "-q"], ["inspect", "ours"]])
    expect([args, await wharf(...args)]).toEqual([args, await docker("plugin", ...args)]);
  expect(
    await daemon().wharfText("inspect", "--type", "plugin", "-f", "{{.Name}} {{.Enabled}}", "ours"),
  ).toBe("ours:latest true");
  expect((await daemon().wharf("plugin", "upgrade", "ours")).stderr).toContain("must be disabled");
  expect(await wharf("disable", "ours")).toBe("ours");
  await wharf("set", "ours", "MARK=b", "host.source=/var");
  const to = `${registry}/test/vol:v2`;
  const upgraded = await wharf("upgrade", "--skip-remote-check", "--grant-all-permissions", "ours", to);
  expect(upgraded).toStartWith(`Upgrading plugin ours:latest from ${name} to ${to}\n`);
  expect(upgraded).toEndWith(`Upgraded plugin ours:latest to ${to}`);
  expect(await wharf("enable", "--timeout", "5", "ours")).toBe("ours");
  expect((await inspect("ours")).Settings.Env).toEqual(["MARK=b", "FIXED=1", "NEW=x"]);
  expect(await wharf("rm", "-f", "ours", "made/here")).toBe("ours\nmade/here");
  await wharf("create", `${registry}/pushed/it:v3`, home("next"));
  expect(await wharf("push", `${registry}/pushed/it:v3`)).toContain("Upload complete");
  await wharf("rm", `${registry}/pushed/it:v3`);
  await wharf("install", "--disable", "--grant-all-permissions", `${registry}/pushed/it:v3`);
  await wharf("rm", `${registry}/pushed/it:v3`);
});

testNothingIsLeft(daemon);
