import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/fakes/containers-lab.ts";
import { callPlugin, NotConnected } from "./call-plugin.ts";
import { findPlugin, pluginNames } from "./find-plugin.ts";
import { HostPlugins } from "./plugins.ts";

let root: string;
let servers: { stop(now: boolean): unknown }[];
const directories = () => ({ sockets: join(root, "run"), specs: [join(root, "etc"), join(root, "usr")] });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plugins-"));
  servers = [];
  for (const name of ["run", "etc", "usr"]) mkdirSync(join(root, name));
});
afterEach(() => {
  for (const server of servers) server.stop(true);
  rmSync(root, { recursive: true });
});

function serve(path: string, answer: (method: string) => Response | Promise<Response>) {
  const fetch = (request: Request) => answer(new URL(request.url).pathname.slice(1));
  servers.push(Bun.serve({ unix: path, fetch }));
}

const active = (method: string) =>
  Response.json(method === "Plugin.Activate" ? { Implements: ["VolumeDriver"] } : { Mountpoint: "/m" });
const one = (name: string) => ({ name, kind: "VolumeDriver" as const });
const signal = new AbortController().signal;

describe("findPlugin()", () => {
  test("finds sockets and files in Docker's places, sockets first", () => {
    mkdirSync(join(root, "run/deep"));
    for (const path of ["run/flat.sock", "run/deep/deep.sock"]) serve(join(root, path), active);
    writeFileSync(join(root, "run/file.sock"), "no socket");
    writeFileSync(join(root, "etc/flat.spec"), "tcp://10.0.0.1:80");
    writeFileSync(join(root, "etc/away.spec"), "tcp://10.0.0.1:80\n");
    writeFileSync(join(root, "usr/local.spec"), "unix:///a/b.sock");
    const tls = { InsecureSkipVerify: true, CAFile: "/ca", CertFile: "/cert", KeyFile: "/key" };
    writeFileSync(
      join(root, "usr/safe.json"),
      JSON.stringify({ Name: "x", Addr: "tcp://h:1", TLSConfig: tls }),
    );
    const find = (name: string) => findPlugin(directories(), name);
    expect(find("flat")).toMatchObject({ socket: join(root, "run/flat.sock") });
    expect(find("deep")).toMatchObject({ socket: join(root, "run/deep/deep.sock") });
    expect(find("file")).toBeUndefined();
    expect(find("away")).toEqual({ name: "away", url: "http://10.0.0.1:80" });
    expect(find("local")).toEqual({ name: "local", url: "http://plugin", socket: "/a/b.sock" });
    expect(find("safe")).toEqual({
      name: "safe",
      url: "https://h:1",
      tls: { insecureSkipVerify: true, caFile: "/ca", certFile: "/cert", keyFile: "/key" },
    });
    expect(pluginNames(directories())).toEqual(["away", "deep", "file", "flat", "local", "safe"]);
  });

  for (const name of ["../run/flat", "a/b", "", ".", "..", "x\0"])
    test(`does not take ${JSON.stringify(name)} for a name`, () => {
      serve(join(root, "run/flat.sock"), active);
      expect(findPlugin(directories(), name)).toBeUndefined();
    });

  for (const [file, text] of [
    ["bad.json", "not json"],
    ["bad.json", '{"Name":"bad"}'],
    ["bad.spec", "gopher://x"],
    ["bad.spec", ""],
  ] as const)
    test(`says what is wrong with ${file} of ${JSON.stringify(text)}`, () => {
      writeFileSync(join(root, "etc", file), text);
      expect(() => findPlugin(directories(), "bad")).toThrow(`plugin bad: ${join(root, "etc", file)}: `);
    });
});

describe("callPlugin()", () => {
  const plugin = () => ({ name: "p", url: "http://plugin", socket: join(root, "run/p.sock") });
  const call = (timeoutMs = 5000) => callPlugin(plugin(), "VolumeDriver.Mount", {}, { timeoutMs, signal });

  const ANSWERS = [
    { answer: () => Response.json({ Err: "no room" }), text: "VolumeDriver.Mount: no room" },
    {
      answer: () => Response.json({ Err: "no room" }, { status: 500 }),
      text: "VolumeDriver.Mount: no room",
    },
    { answer: () => new Response("odd", { status: 404 }), text: "VolumeDriver.Mount: odd" },
    { answer: () => new Response("odd"), text: "answered with no JSON object" },
    { answer: () => new Response("[".repeat(100_000)), text: "answered with no JSON object" },
    { answer: () => new Response(new Uint8Array(17 << 20)), text: "longer than" },
    { answer: () => Response.redirect("http://127.0.0.1:1/"), text: 'plugin "p"' },
  ];
  for (const { answer, text } of ANSWERS)
    test(`fails with "${text}"`, async () => {
      serve(plugin().socket, answer);
      await expect(call()).rejects.toThrow(text);
    });

  test("takes an empty answer for an empty object, and a null error for none", async () => {
    serve(plugin().socket, (method) => (method ? Response.json({ Err: null }) : new Response("")));
    expect(await call()).toEqual({ Err: null });
  });

  test("gives up when the time is over, and when nobody listens", async () => {
    serve(plugin().socket, () => new Promise<Response>(() => {}));
    await expect(call(20)).rejects.toThrow('plugin "p" did not answer within 0.02 s');
    const gone = { ...plugin(), socket: join(root, "run/none.sock") };
    const calling = callPlugin(gone, "X", {}, { timeoutMs: 5000, signal });
    await expect(calling).rejects.toBeInstanceOf(NotConnected);
  });
});

describe("HostPlugins", () => {
  test("activates once, and again when the plugin has been away", async () => {
    const methods: string[] = [];
    let isAway = false;
    const clock = new FakeClock();
    const plugins = new HostPlugins({
      clock,
      directories: directories(),
      async call(_plugin, method) {
        if (isAway) throw new NotConnected("away");
        methods.push(method);
        return method === "Plugin.Activate" ? { Implements: ["VolumeDriver"] } : {};
      },
    });
    writeFileSync(join(root, "etc/p.spec"), "tcp://h:1");
    await plugins.call(one("p"), "VolumeDriver.Get", {}, { timeoutMs: 1 });
    await plugins.call(one("p"), "VolumeDriver.Get", {}, { timeoutMs: 1 });
    expect(methods).toEqual(["Plugin.Activate", "VolumeDriver.Get", "VolumeDriver.Get"]);
    expect(plugins.activeNames("VolumeDriver")).toEqual(["p"]);

    isAway = true;
    await expect(
      plugins.call(one("p"), "VolumeDriver.Get", {}, { timeoutMs: 1, patienceMs: 0 }),
    ).rejects.toThrow("away");
    const waiting = plugins.call(one("p"), "VolumeDriver.Mount", {}, { timeoutMs: 1 });
    for (const pauseMs of [1000, 2000]) {
      while (!clock.sleeping.includes(pauseMs)) await Bun.sleep(1);
      await clock.advance(pauseMs);
    }
    isAway = false;
    while (!clock.sleeping.includes(4000)) await Bun.sleep(1);
    await clock.advance(4000);
    await waiting;
    expect(methods.slice(3)).toEqual(["Plugin.Activate", "VolumeDriver.Mount"]);
  });

  test("does not wait for ever, and not for what will not change", async () => {
    const clock = new FakeClock();
    let calls = 0;
    const plugins = new HostPlugins({
      clock,
      directories: directories(),
      async call() {
        calls += 1;
        throw new NotConnected("away");
      },
    });
    await expect(plugins.call(one("none"), "VolumeDriver.Get", {}, { timeoutMs: 1 })).rejects.toThrow(
      'plugin "none" not found',
    );
    writeFileSync(join(root, "etc/p.spec"), "tcp://h:1");
    const waiting = plugins.call(one("p"), "VolumeDriver.Get", {}, { timeoutMs: 1 });
    const failure = waiting.catch((error) => error);
    for (const pauseMs of [1000, 2000, 4000, 8000]) {
      while (!clock.sleeping.includes(pauseMs)) await Bun.sleep(1);
      await clock.advance(pauseMs);
    }
    expect(await failure).toBeInstanceOf(NotConnected);
    expect(calls).toBe(5);
  });

  test("asks a managed one first, without activating it, and waits while it is being started", async () => {
    serve(join(root, "run/both.sock"), () => Response.json({ Implements: ["VolumeDriver"] }));
    const clock = new FakeClock();
    const asked: [string | undefined, string, number][] = [];
    let socket: string | undefined;
    const plugins = new HostPlugins({
      clock,
      directories: directories(),
      managed: {
        namesOf: () => ["both:latest"],
        find: (name) =>
          name === "both"
            ? { name: "both:latest", url: "http://plugin", socket, timeoutMs: 7000 }
            : undefined,
        canonicalName: (name) => (name === "both" ? "both:latest" : undefined),
        hostPath: (_name, path) => `/host${path}`,
      },
      async call({ socket }, method, _body, { timeoutMs }) {
        asked.push([socket, method, timeoutMs]);
        return {};
      },
    });
    const waiting = plugins.call(one("both"), "VolumeDriver.Get", {}, { timeoutMs: 1 });
    while (!clock.sleeping.includes(1000)) await Bun.sleep(1);
    expect(asked).toEqual([]);
    socket = "/managed.sock";
    await clock.advance(1000);
    await waiting;
    expect(asked).toEqual([["/managed.sock", "VolumeDriver.Get", 7000]]);
    expect(plugins.installedNames("VolumeDriver")).toEqual(["both:latest", "both"]);
    expect([plugins.canonicalName("both"), plugins.canonicalName("other")]).toEqual(["both:latest", "other"]);
    expect([plugins.hostPath("both", "/d"), plugins.hostPath("other", "/d")]).toEqual(["/host/d", "/d"]);
  });

  test("refuses a plugin of another kind", async () => {
    serve(join(root, "run/net.sock"), () => Response.json({ Implements: ["NetworkDriver"] }));
    const plugins = new HostPlugins({ clock: new FakeClock(), directories: directories() });
    await expect(plugins.activate("net", "VolumeDriver")).rejects.toThrow(
      'plugin "net" does not implement VolumeDriver',
    );
  });
});
