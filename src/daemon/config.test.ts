import { describe, expect, test } from "bun:test";
import { EngineError } from "#base/errors.ts";
import { loadConfig } from "./config.ts";
import { parseFlags } from "./flags.ts";
import { daemonHelp } from "./help.ts";
import { parseHost } from "./hosts.ts";
import { DAEMON_OPTIONS } from "./options.ts";
import { REFUSED_OPTIONS } from "./refused-options.ts";

function load(argv: string[] = [], files: Record<string, string> = {}, env: Record<string, string> = {}) {
  return loadConfig(parseFlags(argv), { readFile: (path) => files[path], env });
}

const withFile = (settings: object, argv: string[] = []) =>
  load(argv, { "/etc/wharf/daemon.json": JSON.stringify(settings) });

/** Message and hint of what `work` throws. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error.hint ? `${error.message} (${error.hint})` : error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("loadConfig()", () => {
  test("has defaults for everything", () => {
    const { config, notes } = load();
    expect(notes).toEqual([]);
    expect(config).toMatchObject({
      dataRoot: "/var/lib/wharf",
      execRoot: "/run/wharf",
      pidfile: "/run/wharf/wharf.pid",
      hosts: [{ kind: "unix", path: "/run/wharf/wharf.sock" }],
      group: "wharf",
      tls: undefined,
      log: { level: "info", format: "text" },
      minApiVersion: "1.24",
      cgroups: { driver: "cgroupfs", parent: "/wharf" },
      shutdownTimeoutSeconds: 15,
      liveRestore: true,
      containers: {
        logConfig: { Type: "json-file", Config: { "max-size": "20m", "max-file": "5" } },
        stopTimeoutSeconds: 10,
        shmSizeBytes: 64 << 20,
      },
      network: { mtu: 1500, defaultHostAddress: "0.0.0.0", icc: true, addressPools: [] },
    });
  });

  test("takes limits of transfers from flags and the file, within bounds", () => {
    const { images } = load(["--max-concurrent-uploads", "2", "--max-download-attempts=1"]).config;
    expect(images).toMatchObject({ maxConcurrentUploads: 2, maxDownloadAttempts: 1 });
    expect(
      withFile({ "max-concurrent-uploads": 7, "max-concurrent-downloads": 9 }).config.images,
    ).toMatchObject({
      maxConcurrentUploads: 7,
      maxConcurrentDownloads: 9,
    });
    expect(refusal(() => load(["--max-concurrent-uploads", "0"]))).toContain("max-concurrent-uploads");
  });

  test("reads flags in every form", () => {
    const { config } = load([
      ...["-H", "unix:///a.sock", "-Hunix:///b.sock", "--host=tcp://127.0.0.1:1234", "-H=fd://"],
      ...["-D", "--icc=false", "--ipv6", "-l", "warn", "-p/x.pid", "--label", "a=b", "--label=c=d=e"],
      ...["--log-opt", "max-size=1m", "--add-runtime", "mine=/usr/bin/mine", "--default-runtime", "mine"],
      ...["--default-address-pool", "base=10.1.0.0/16,size=24", "--mtu", "9000", "--exec-root", "/run/two/"],
    ]);
    expect(config).toMatchObject({
      hosts: [
        { kind: "unix", path: "/a.sock" },
        { kind: "unix", path: "/b.sock" },
        { kind: "tcp", host: "127.0.0.1", port: 1234 },
        { kind: "fd", name: "" },
      ],
      debug: true,
      log: { level: "debug", format: "text" },
      pidfile: "/x.pid",
      execRoot: "/run/two",
      labels: ["a=b", "c=d=e"],
      runtimes: { mine: { path: "/usr/bin/mine" } },
      defaultRuntime: "mine",
      containers: { logConfig: { Config: { "max-size": "1m", "max-file": "5" } } },
      network: { icc: false, ipv6: true, mtu: 9000, addressPools: [{ base: "10.1.0.0/16", size: 24 }] },
    });
  });

  test("reads the same from daemon.json", () => {
    const { config } = withFile({
      hosts: ["tcp://[::1]:99"],
      labels: ["a=b"],
      runtimes: { mine: { path: "/m", runtimeArgs: ["--x"] } },
      "log-opts": { "max-file": "2" },
      "default-address-pools": [{ base: "10.1.0.0/16", size: 24 }],
      "min-api-version": "1.40",
      "userland-proxy": false,
      "exec-opts": ["native.cgroupdriver=cgroupfs"],
      "live-restore": true,
    });
    expect(config).toMatchObject({
      configFile: "/etc/wharf/daemon.json",
      hosts: [{ kind: "tcp", host: "::1", port: 99 }],
      runtimes: { mine: { path: "/m", args: ["--x"] } },
      minApiVersion: "1.40",
    });
  });

  test("reads TLS material, and a client's authority only to verify", () => {
    const files = { "/h/.docker/cert.pem": "CERT", "/k": "KEY", "/h/.docker/ca.pem": "CA" };
    const tls = (flag: string) =>
      load(["-H", "tcp://0.0.0.0", "--tlskey=/k", flag], files, { HOME: "/h" }).config;
    expect(tls("--tls").tls).toEqual({ certificate: "CERT", key: "KEY", clientCa: undefined });
    expect(tls("--tlsverify").tls).toEqual({ certificate: "CERT", key: "KEY", clientCa: "CA" });
    expect(tls("--tlsverify").hosts).toEqual([{ kind: "tcp", host: "0.0.0.0", port: 2376 }]);
  });

  test("does not read Docker's file, and says so", () => {
    const { config, notes } = load([], { "/etc/docker/daemon.json": '{"debug":true}' });
    expect(config.debug).toBe(false);
    expect(notes.join()).toContain("/etc/docker/daemon.json is Docker's and is not read");
  });

  test("opens TCP without TLS to this machine only, unless somebody insists", () => {
    expect(load(["-H", "tcp://127.0.0.1:1"]).notes.join()).toContain("without TLS");
    expect(refusal(() => load(["-H", "tcp://0.0.0.0:1"]))).toContain("use --tlsverify");
    expect(load(["-H", "tcp://0.0.0.0:1", "--tls=false"]).config.hosts).toHaveLength(1);
  });

  const refused: [what: string, work: () => unknown, words: string][] = [
    ["an unknown flag", () => load(["--frob"]), "unknown flag: --frob"],
    ["an unknown letter", () => load(["-Z"]), "unknown shorthand flag: 'Z' in -Z"],
    ["an argument", () => load(["now"]), 'wharf daemon takes no arguments: "now"'],
    ["a flag without its value", () => load(["--mtu"]), "flag needs an argument: --mtu"],
    ["a number that is none", () => load(["--mtu", "big"]), 'invalid argument "big" for "--mtu" flag'],
    [
      "a flag of a later version",
      () => load(["--metrics-addr=default"]),
      "not supported yet by wharf: --metrics-addr",
    ],
    ["what only looks accepted", () => load(["--rootless=true"]), "--rootless (only false is)"],
    [
      "an unknown key",
      () => withFile({ debug: true, frob: 1, grob: 2 }),
      "any configuration option: frob, grob",
    ],
    [
      "a key of a later version",
      () => withFile({ "swarm-raft-election-tick": "3" }),
      "not supported yet by wharf: swarm-raft-election-tick",
    ],
    ["a key of another type", () => withFile({ debug: "yes" }), 'debug must be true or false, not "yes"'],
    ["a list that is none", () => withFile({ dns: "1.1.1.1" }), "dns must be a list of texts"],
    ["a runtime without a path", () => withFile({ runtimes: { a: {} } }), "runtimes must be an object of"],
    ["broken JSON", () => load([], { "/etc/wharf/daemon.json": "{" }), "daemon.json: it is no JSON"],
    ["a list for a file", () => withFile([]), "it must be a JSON object"],
    ["a file that is not there", () => load(["--config-file", "/x"]), "with file /x: no such file"],
    [
      "an option in both places",
      () => withFile({ labels: ["c=d"] }, ["--label", "a=b"]),
      'labels: (from flag: ["a=b"], from file: ["c=d"])',
    ],
    ["a relative root", () => load(["--data-root", "x"]), "data-root must be an absolute path"],
    ["a log level", () => load(["-l", "loud"]), "invalid logging level: loud"],
    ["a log driver", () => load(["--log-driver", "fluffy"]), "no log driver named 'fluffy'"],
    ["a label without value", () => load(["--label", "a"]), "bad attribute format: a"],
    [
      "labels that disagree",
      () => load(["--label", "a=1", "--label", "a=2"]),
      "conflict labels for a=2 and a=1",
    ],
    [
      "an unknown default runtime",
      () => load(["--default-runtime", "x"]),
      "specified default runtime 'x' does not exist",
    ],
    ["an address that is none", () => load(["--dns", "dns.example"]), 'dns: "dns.example" is no IP address'],
    [
      "a pool that is too small",
      () => load(["--default-address-pool", "base=10.0.0.0/24,size=16"]),
      "invalid pools size 16",
    ],
    ["an API version", () => withFile({ "min-api-version": "1.2" }), "invalid minimum API version 1.2"],
    [
      "missing TLS files",
      () => load(["--tls"], {}, { HOME: "/h" }),
      "tlscert: no such file: /h/.docker/cert.pem",
    ],
    [
      "a driver nobody has",
      () => load(["--exec-opt", "native.cgroupdriver=foo"]),
      "native.cgroupdriver option foo not supported",
    ],
    [
      "a group for systemd",
      () => load(["--exec-opt", "native.cgroupdriver=systemd", "--cgroup-parent", "/a"]),
      'should be a valid slice named as "xxx.slice"',
    ],
    ["an exec-opt nobody knows", () => load(["--exec-opt", "a=b"]), 'exec-opt "a=b" is not known'],
    [
      "a slice",
      () => load(["--cgroup-parent", "a.slice"]),
      "slices need --exec-opt native.cgroupdriver=systemd",
    ],
  ];
  for (const [what, work, words] of refused)
    test(`refuses ${what}`, () => expect(refusal(work)).toContain(words));
});

describe("parseHost()", () => {
  const options = { defaultSocket: "/run/wharf/wharf.sock", hasTls: false };
  const rows: [text: string, address: object][] = [
    ["unix://", { kind: "unix", path: "/run/wharf/wharf.sock" }],
    ["tcp://", { kind: "tcp", host: "127.0.0.1", port: 2375 }],
    ["tcp://:99", { kind: "tcp", host: "127.0.0.1", port: 99 }],
    ["0.0.0.0:80", { kind: "tcp", host: "0.0.0.0", port: 80 }],
    ["tcp://[fd00::1]:80/", { kind: "tcp", host: "fd00::1", port: 80 }],
    ["fd://wharf.socket", { kind: "fd", name: "wharf.socket" }],
  ];
  for (const [text, address] of rows)
    test(`reads ${text}`, () => expect(parseHost(text, options) as object).toEqual(address));
  for (const text of [
    "",
    "npipe:////./pipe/x",
    "unix://relative",
    `unix:///${"x".repeat(107)}`,
    "tcp://a:99999",
  ])
    test(`refuses ${text.slice(0, 20)}`, () =>
      expect(() => parseHost(text, options)).toThrow("invalid bind address"));
});

/** What dockerd does not have. */
const OWN_FLAGS: ReadonlySet<string> = new Set([
  "image-gc-high-threshold",
  "image-gc-low-threshold",
  "image-gc-minimum-age",
  "published-ports",
  "trust-policy",
]);

test("every flag of dockerd is either there or refused, and none twice", () => {
  const names = [...DAEMON_OPTIONS, ...REFUSED_OPTIONS].flatMap(({ flag }) => flag ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !OWN_FLAGS.has(name)).length).toBe(93);
});

test("daemonHelp() lists each option once, with its letter, value and default", () => {
  const help = daemonHelp();
  expect(help).toStartWith("\nUsage:  wharf daemon [OPTIONS]\n");
  expect(help).toMatch(/^ {2}-H, --host list +Daemon socket\(s\) to connect to$/m);
  expect(help).toMatch(/^ {6}--mtu int +Set the MTU for the default bridge network \(default 1500\)$/m);
  expect(help).not.toContain("metrics-addr");
});
