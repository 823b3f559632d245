import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import type { NewEvent } from "#events/types.ts";
import type { Kernel } from "#kernel/types.ts";
import { openMemoryState } from "#state/memory.ts";
import { createVolumes } from "./volumes.ts";

let dataRoot: string;
let mounted: string[];
let events: NewEvent[];
let state: ReturnType<typeof openMemoryState>;

beforeEach(() => {
  dataRoot = mkdtempSync(join(tmpdir(), "wharf-volumes-"));
  mounted = [];
  events = [];
  state = openMemoryState();
});
afterEach(() => rmSync(dataRoot, { recursive: true }));

function engine() {
  const mounts = {
    mount: (source: string, target: string, fsType: string, { data = "" } = {}) => {
      if (source === "broken") throw new Error("no such device");
      mounted.push(`${fsType} ${source} ${data} ${target}`);
    },
    bind: (source: string, target: string) => void mounted.push(`bind ${source}  ${target}`),
    unmount: (target: string) => {
      mounted = mounted.filter((line) => !line.endsWith(` ${target}`));
    },
    isMountPoint: (target: string) => mounted.some((line) => line.endsWith(` ${target}`)),
    list: () => mounted.map((line) => ({ target: line.split(" ").at(-1) })),
  };
  return createVolumes({
    dataRoot,
    kernel: { mounts } as unknown as Pick<Kernel, "mounts">,
    state,
    events: { emit: (event) => void events.push(event) },
    log: silentLog,
    clock: { now: () => Date.parse("2026-01-02T03:04:05.678Z"), sleep: async () => {} },
  });
}

const pathOf = (name: string) => join(dataRoot, "volumes", name, "_data");

describe("create()", () => {
  test("makes a directory and a record, and tells", () => {
    const volumes = engine();
    const volume = volumes.create({ Name: "data", Labels: { a: "b" } });
    expect(volume).toEqual({
      name: "data",
      driver: "local",
      mountpoint: pathOf("data"),
      createdAt: "2026-01-02T03:04:05Z",
      labels: { a: "b" },
      options: {},
      anonymous: false,
    });
    expect(volumes.get("data")).toEqual(volume);
    expect(statSync(pathOf("data")).mode & 0o777).toBe(0o755);
    expect(statSync(join(dataRoot, "volumes", "data")).mode & 0o777).toBe(0o701);
    expect(events).toEqual([
      { type: "volume", action: "create", id: "data", attributes: { driver: "local" } },
    ]);
  });

  test("gives a volume without a name 64 digits and Docker's label", () => {
    const volume = engine().create({});
    expect(volume.name).toMatch(/^[0-9a-f]{64}$/);
    expect(volume).toMatchObject({ anonymous: true, labels: { "com.docker.volume.anonymous": "" } });
  });

  test("returns the volume that has the name", () => {
    const volumes = engine();
    const first = volumes.create({ Name: "data", Labels: { a: "b" } });
    expect(volumes.create({ Name: "data", Labels: { c: "d" } })).toEqual(first);
    expect(events).toHaveLength(1);
  });

  const REFUSED = [
    {
      request: { Name: "x" },
      text: "volume name is too short, names should be at least two alphanumeric characters",
    },
    { request: { Name: "a/b" }, text: '"a/b" includes invalid characters for a local volume name' },
    { request: { Name: "../x" }, text: "If you intended to pass a host directory, use absolute path" },
    { request: { Name: "ab\n" }, text: "includes invalid characters" },
    { request: { Name: "taken", Driver: "nas" }, text: "volume name must be unique" },
    {
      request: { Name: "nn", Driver: "nas" },
      text: 'create nn: error looking up volume plugin nas: plugin "nas" not found',
    },
    { request: { Name: "nn", DriverOpts: { odd: "1" } }, text: 'create nn: invalid option: "odd"' },
  ];
  for (const { request, text } of REFUSED)
    test(`refuses ${JSON.stringify(request)}`, () => {
      const volumes = engine();
      volumes.create({ Name: "taken" });
      expect(() => volumes.create(request)).toThrow(text);
      expect(readdirSync(join(dataRoot, "volumes"))).toEqual(["taken"]);
    });
});

describe("use", () => {
  test("get() and remove() know no other volumes, unless the removal is forced", async () => {
    const volumes = engine();
    expect(() => volumes.get("nn")).toThrow("get nn: no such volume");
    expect(volumes.remove("nn", { force: false })).rejects.toThrow("get nn: no such volume");
    await volumes.remove("nn", { force: true });
  });

  test("remove() refuses a volume that a container was made with, whether it runs or not", async () => {
    const volumes = engine();
    volumes.create({ Name: "data" });
    volumes.acquire("data", "c1");
    volumes.acquire("data", "c1");
    expect(volumes.remove("data", { force: true })).rejects.toThrow("remove data: volume is in use - [c1]");
    expect(volumes.release("c1")).toEqual(["data"]);
    await volumes.remove("data", { force: false });
    expect(readdirSync(join(dataRoot, "volumes"))).toEqual([]);
    expect(events.map(({ action }) => action)).toEqual(["create", "destroy"]);
  });

  test("remove() keeps a volume in which something is mounted", async () => {
    const volumes = engine();
    volumes.create({ Name: "data" });
    mounted.push(`ext4 /dev/sdb1  ${pathOf("data")}/disk`);
    expect(volumes.remove("data", { force: true })).rejects.toThrow(
      `remove data: something is mounted at ${pathOf("data")}/disk`,
    );
    expect(volumes.find("data")).toBeDefined();
    expect(existsSync(pathOf("data"))).toBe(true);
  });

  test("mount() of a plain volume mounts nothing, and tells where it is", () => {
    const volumes = engine();
    volumes.create({ Name: "data" });
    const place = { destination: "/d", readOnly: true, propagation: "" };
    expect(volumes.mount("data", "c1", place)).toBe(pathOf("data"));
    expect(mounted).toEqual([]);
    expect(events.at(-1)).toEqual({
      type: "volume",
      action: "mount",
      id: "data",
      attributes: {
        driver: "local",
        container: "c1",
        destination: "/d",
        propagation: "",
        "read/write": "false",
      },
    });
  });

  test("mount() mounts a volume with options once for all its containers", () => {
    const volumes = engine();
    volumes.create({ Name: "ram", DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } });
    volumes.create({ Name: "host", DriverOpts: { type: "none", device: "/srv", o: "bind" } });
    for (const container of ["c1", "c2"]) volumes.mount("ram", container);
    volumes.mount("host", "c1");
    expect(mounted).toEqual([`tmpfs tmpfs size=1m ${pathOf("ram")}`, `bind /srv  ${pathOf("host")}`]);
    volumes.unmount("ram", "c1");
    volumes.unmount("host", "c1");
    expect(mounted).toHaveLength(1);
    volumes.unmount("ram", "c2");
    volumes.unmount("ram", "c2");
    expect(mounted).toEqual([]);
  });

  test("mount() says what could not be mounted", () => {
    const volumes = engine();
    volumes.create({ Name: "bad", DriverOpts: { type: "ext4", device: "broken" } });
    expect(() => volumes.mount("bad", "c1")).toThrow(
      `error while mounting volume '${pathOf("bad")}': failed to mount local volume: no such device`,
    );
  });
});

describe("many", () => {
  test("list() filters by use, name, driver and label", () => {
    const volumes = engine();
    volumes.create({ Name: "used", Labels: { tier: "db" } });
    volumes.create({ Name: "idle" });
    volumes.acquire("used", "c1");
    const names = (filters: Record<string, string[]>) => volumes.list(filters).map(({ name }) => name);
    expect(names({})).toEqual(["idle", "used"]);
    expect(names({ dangling: ["true"] })).toEqual(["idle"]);
    expect(names({ dangling: ["0"] })).toEqual(["used"]);
    expect(names({ label: ["tier=db"] })).toEqual(["used"]);
    expect(names({ name: ["idl"], driver: ["local"] })).toEqual(["idle"]);
    expect(() => names({ size: ["1"] })).toThrow("invalid filter 'size'");
  });

  test("prune() removes unused anonymous volumes, and named ones only when all are asked for", async () => {
    const volumes = engine();
    const { name } = volumes.create({});
    volumes.create({ Name: "named" });
    volumes.create({ Name: "kept", Labels: { keep: "" } });
    volumes.acquire(volumes.create({}).name, "c1");
    writeFileSync(join(pathOf(name), "file"), "12345");
    linkSync(join(pathOf(name), "file"), join(pathOf(name), "again"));
    expect(await volumes.prune({})).toEqual({ removed: [name], spaceReclaimed: 5 });
    expect(events.at(-1)).toEqual({
      type: "volume",
      action: "prune",
      id: "",
      attributes: { reclaimed: "5" },
    });
    const rest = await volumes.prune({ all: ["true"], "label!": ["keep"] });
    expect(rest).toEqual({ removed: ["named"], spaceReclaimed: 0 });
    const [first, second] = [volumes.prune({}), volumes.prune({})];
    expect(second).rejects.toThrow("a prune operation is already running");
    await first;
  });
});

describe("recover()", () => {
  test("undoes mounts nobody needs, keeps those of living containers", () => {
    const before = engine();
    for (const name of ["one", "two"]) {
      before.create({ Name: name, DriverOpts: { type: "tmpfs", device: "tmpfs" } });
      before.acquire(name, `c-${name}`);
      before.mount(name, `c-${name}`);
    }
    const after = engine();
    after.recover(new Set(["c-one"]));
    expect(mounted).toEqual([`tmpfs tmpfs  ${pathOf("one")}`]);
    after.unmount("one", "c-one");
    expect(mounted).toEqual([]);
  });

  test("finishes removals and takes in volumes whose record is lost", async () => {
    mkdirSync(pathOf("lost"), { recursive: true });
    mkdirSync(join(dataRoot, "volumes", ".removed-1", "_data"), { recursive: true });
    const volumes = engine();
    volumes.recover(new Set());
    expect(volumes.list().map(({ name, anonymous }) => [name, anonymous])).toEqual([["lost", false]]);
    while (existsSync(join(dataRoot, "volumes", ".removed-1"))) await Bun.sleep(1);
  });
});
