import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleInput } from "../spec/_example.ts";
import { buildRuntimeSpec } from "../spec/build.ts";
import { applyEdits, resolveNodes } from "./apply.ts";
import { editsFor, readCdiDevices } from "./registry.ts";
import { resolveRequests } from "./requests.ts";
import { isQualifiedName, parseCdiSpec } from "./spec.ts";

const GPU = {
  cdiVersion: "0.6.0",
  kind: "nvidia.com/gpu",
  containerEdits: {
    env: ["VENDOR=1"],
    hooks: [{ hookName: "createContainer", path: "/hook", args: ["hook", "x"] }],
  },
  devices: [
    { name: "0", containerEdits: { deviceNodes: [{ path: "/dev/gpu0", type: "c", major: 195, minor: 0 }] } },
    {
      name: "1",
      containerEdits: { env: ["VENDOR=2"], mounts: [{ hostPath: "/lib/x", containerPath: "/x" }] },
    },
    { name: "all", containerEdits: { additionalGids: [44] } },
  ],
};

function withDirectories<T>(files: Readonly<Record<string, string>>, work: (directories: string[]) => T): T {
  const root = mkdtempSync(join(tmpdir(), "wharf-cdi-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return work([join(root, "etc"), join(root, "run")]);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const read = (files: Readonly<Record<string, string>>, warnings: unknown[] = []) =>
  withDirectories(files, (directories) =>
    readCdiDevices(directories, { warn: (_text, fields) => void warnings.push(fields) }),
  );

const spec = (name: string, env: string) =>
  `cdiVersion: "0.6.0"\nkind: acme.com/box\ndevices:\n- name: ${name}\n  containerEdits:\n    env: [${env}]\n`;

test("readCdiDevices() reads JSON and YAML, and a later directory wins", () => {
  const devices = read({
    "etc/a.json": JSON.stringify(GPU),
    "etc/b.yaml": spec("x", "A=1"),
    "run/b.yaml": spec("x", "A=2"),
  });
  expect([...devices.keys()].sort()).toEqual([
    "acme.com/box=x",
    "nvidia.com/gpu=0",
    "nvidia.com/gpu=1",
    "nvidia.com/gpu=all",
  ]);
  expect(devices.get("acme.com/box=x")!.device.containerEdits.env).toEqual(["A=2"]);
});

test("readCdiDevices() leaves out what it cannot use and what two claim", () => {
  const warnings: unknown[] = [];
  const files = {
    "etc/a.json": "{",
    "etc/b.yaml": spec("x", "A=1"),
    "etc/c.yaml": spec("x", "A=2"),
    "etc/notes.txt": "no",
  };
  expect(read(files, warnings).get("acme.com/box=x")).toBeNull();
  expect(warnings).toHaveLength(1);
});

test("resolveRequests() understands names, counts and all", () => {
  const devices = read({ "etc/a.json": JSON.stringify(GPU) });
  const names = (request: object) => resolveRequests([request], devices).map(({ device }) => device.name);
  const gpus = { Capabilities: [["gpu"]] };
  expect(names({ Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=1"] })).toEqual(["1"]);
  expect(names({ ...gpus, Count: -1 })).toEqual(["all"]);
  expect(names({ ...gpus, Count: 2 })).toEqual(["0", "1"]);
  expect(names({ ...gpus, DeviceIDs: ["1"] })).toEqual(["1"]);
  expect(names({ ...gpus, DeviceIDs: ["nvidia.com/gpu=0"] })).toEqual(["0"]);
});

test("resolveRequests() refuses what nobody describes, in Docker's words", () => {
  const none = read({});
  const refused: [object, string][] = [
    [
      { Driver: "cdi", DeviceIDs: ["acme.com/box=y"] },
      "CDI device injection failed: unresolvable CDI devices acme.com/box=y",
    ],
    [{ Driver: "cdi", DeviceIDs: ["nonsense"] }, 'invalid CDI device name "nonsense"'],
    [{ Capabilities: [["gpu"]], Count: -1 }, 'could not select device driver "" with capabilities: [[gpu]]'],
    [
      { Driver: "tpu", Capabilities: [["a", "b"]] },
      'could not select device driver "tpu" with capabilities: [[a b]]',
    ],
  ];
  for (const [request, text] of refused) expect(() => resolveRequests([request], none)).toThrow(text);
});

test("applyEdits() puts every kind of edit in its place, a specification's own once", () => {
  const devices = read({ "etc/a.json": JSON.stringify(GPU) });
  const entries = resolveRequests(
    [{ Driver: "cdi", DeviceIDs: ["nvidia.com/gpu=0", "nvidia.com/gpu=1", "nvidia.com/gpu=all"] }],
    devices,
  );
  const edits = editsFor(entries).map((one) => resolveNodes(one, () => undefined));
  const before = buildRuntimeSpec(exampleInput()).spec;
  const after = applyEdits(before, edits);
  expect(after.process.env.filter((entry) => entry.startsWith("VENDOR"))).toEqual(["VENDOR=2"]);
  expect(after.hooks).toEqual({ createContainer: [{ path: "/hook", args: ["hook", "x"] }] });
  expect(after.linux.devices).toEqual([{ path: "/dev/gpu0", type: "c", major: 195, minor: 0 }]);
  expect(after.linux.resources!.devices!.at(-1)).toEqual({
    allow: true,
    type: "c",
    major: 195,
    minor: 0,
    access: "rwm",
  });
  expect(after.mounts.at(-1)).toEqual({
    source: "/lib/x",
    destination: "/x",
    type: "bind",
    options: ["rbind", "rprivate"],
  });
  expect(after.process.user.additionalGids).toContain(44);
  expect(before.process.env).not.toContain("VENDOR=2");
});

test("resolveNodes() takes from the host what a specification leaves out", () => {
  const found = {
    path: "/dev/host",
    type: "b" as const,
    major: 8,
    minor: 1,
    fileMode: 0o660,
    uid: 0,
    gid: 6,
  };
  const edits = { deviceNodes: [{ path: "/dev/in", hostPath: "/dev/host", gid: 7, permissions: "r" }] };
  expect(resolveNodes(edits, () => found).deviceNodes).toEqual([
    { device: { ...found, path: "/dev/in", gid: 7 }, access: "r" },
  ]);
});

test.each<[string, object]>([
  ["cdiVersion", { ...GPU, cdiVersion: "9" }],
  ["vendor/class", { ...GPU, kind: "gpu" }],
  ["names no devices", { ...GPU, devices: [] }],
  ["device name", { ...GPU, devices: [{ name: "a b" }] }],
  ["edit netDevices is not supported", { ...GPU, containerEdits: { netDevices: [] } }],
  ["absolute path", { ...GPU, containerEdits: { mounts: [{ hostPath: "../etc", containerPath: "/x" }] } }],
  ["hook", { ...GPU, containerEdits: { hooks: [{ hookName: "whenever", path: "/x" }] } }],
])("parseCdiSpec() refuses one with a wrong %s", (words, value) => {
  expect(() => parseCdiSpec(value)).toThrow(words);
});

test("isQualifiedName() tells names from paths", () => {
  expect(["a.com/b=c", "vendor/class=x:1"].map(isQualifiedName)).toEqual([true, true]);
  expect(["/dev/null", "/dev/a=b", "a.com/b", "=x"].map(isQualifiedName)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
