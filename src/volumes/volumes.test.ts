import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  cpSync,
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
import { pluginsIn } from "./_testing/plugins-in.ts";
import { createVolumes } from "./volumes.ts";

let dataRoot: string;
let mounted: string[];
let events: NewEvent[];
let frozen: string[];
let limits: string[];
let keepsQuotas: boolean;
let state: ReturnType<typeof openMemoryState>;

beforeEach(() => {
  dataRoot = mkdtempSync(join(tmpdir(), "wharf-volumes-"));
  mounted = [];
  events = [];
  frozen = [];
  limits = [];
  keepsQuotas = true;
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
    files: {
      copy: async (from, to) => cpSync(from, to, { recursive: true }),
      read: () => ({ bytes: new Blob(["tar"]).stream(), [Symbol.asyncDispose]: async () => {} }),
      async write(directory, archive) {
        for await (const piece of archive) writeFileSync(join(directory, "imported"), piece);
      },
    },
    freeze: async (ids) => {
      frozen.push(...ids);
      return { [Symbol.asyncDispose]: async () => void frozen.push("thawed") };
    },
    quotas: {
      isKept: () => keepsQuotas,
      newProject: () => 77,
      limit: (directory, project, sizeBytes) => void limits.push(`${directory} ${project} ${sizeBytes}`),
    },
    plugins: pluginsIn(dataRoot),
  });
}

const pathOf = (name: string) => join(dataRoot, "volumes", name, "_data");

describe("create()", () => {
  test("makes a directory and a record, and tells", async () => {
    const volumes = engine();
    const volume = await volumes.create({ Name: "data", Labels: { a: "b" } });
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

  test("gives a volume without a name 64 digits and Docker's label", async () => {
    const volume = await engine().create({});
    expect(volume.name).toMatch(/^[0-9a-f]{64}$/);
    expect(volume).toMatchObject({ anonymous: true, labels: { "com.docker.volume.anonymous": "" } });
  });

  test("returns the volume that has the name", async () => {
    const volumes = engine();
    const first = await volumes.create({ Name: "data", Labels: { a: "b" } });
    expect(await volumes.create({ Name: "data", Labels: { c: "d" } })).toEqual(first);
    expect(events).toHaveLength(1);
  });

  const REFUSED = [
    {
      request: { Name: "x" },
      text: "volume name is too short, names should be at least two alphanumeric characters",
    },
    { request: { Name: "a/b" }, text: '"a/b" includes invalid characters for a local volume name' },
    { request: { Name: "../x" }, text: "If you intended to pass a host directory, use absolute path" },
    {
      request: { Name: "ab".repeat(200) },
      text: /error while creating volume root path '.*': mkdir .*: file name too long$/,
    },
    { request: { Name: "ab\n" }, text: "includes invalid characters" },
    {
      request: { Name: "taken", Driver: "nas" },
      text: `create taken: error looking up volume plugin nas: plugin "nas" not found`,
    },
    {
      request: { Name: "nn", Driver: "nas" },
      text: 'create nn: error looking up volume plugin nas: plugin "nas" not found',
    },
    { request: { Name: "nn", DriverOpts: { odd: "1" } }, text: 'create nn: invalid option: "odd"' },
  ];
  for (const { request, text } of REFUSED)
    test(`refuses ${JSON.stringify(request)}`, async () => {
      const volumes = engine();
      await volumes.create({ Name: "taken" });
      await expect(volumes.create(request)).rejects.toThrow(text);
      expect(readdirSync(join(dataRoot, "volumes"))).toEqual(["taken"]);
    });
});

describe("size", () => {
  test("bounds the volume's directory, and that of its clones", async () => {
    const volumes = engine();
    await volumes.create({ Name: "small", DriverOpts: { size: "1m" } });
    await volumes.clone("small", "copy");
    expect(limits).toEqual([`${pathOf("small")} 77 1048576`, `${pathOf("copy")} 77 1048576`]);
  });

  test("is refused in Docker's words where nobody keeps it", async () => {
    keepsQuotas = false;
    const volumes = engine();
    await expect(volumes.create({ Name: "small", DriverOpts: { size: "1m" } })).rejects.toThrow(
      "create small: quota size requested but no quota support",
    );
    expect(volumes.list()).toEqual([]);
    expect(existsSync(pathOf("small"))).toBe(false);
  });
});

describe("copies", () => {
  test("are made while the containers that use the volume stand still, unless they shall go on", async () => {
    const volumes = engine();
    await volumes.create({ Name: "data" }, { user: "c1" });
    await volumes.clone("data", "one");
    expect(frozen).toEqual(["c1", "thawed"]);
    await volumes.snapshot("data", "two", { freeze: false });
    expect(frozen).toHaveLength(2);
    expect(volumes.get("two")).toMatchObject({ snapshotOf: "data" });
    expect(events.map(({ action }) => action)).toEqual(["create", "create", "clone", "create", "snapshot"]);
  });

  test("keep the original from removal while they are made", async () => {
    const volumes = engine();
    await volumes.create({ Name: "data" });
    await using archive = await volumes.export("data", { freeze: false });
    await expect(volumes.remove("data", { force: false })).rejects.toThrow("remove data: volume is in use");
    await archive[Symbol.asyncDispose]();
    await volumes.remove("data", { force: false });
  });

  test("import() leaves nothing when the archive ends too soon", async () => {
    const volumes = engine();
    async function* broken() {
      yield new Uint8Array(1);
      throw new Error("the client has gone");
    }
    await expect(volumes.import("half", broken())).rejects.toThrow("the client has gone");
    expect(volumes.list()).toEqual([]);
    expect(readdirSync(join(dataRoot, "volumes"))).toEqual([]);
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
    await volumes.create({ Name: "data" }, { user: "c1" });
    await volumes.create({ Name: "data" }, { user: "c1" });
    expect(volumes.remove("data", { force: true })).rejects.toThrow("remove data: volume is in use - [c1]");
    expect(await volumes.release("c1")).toEqual(["data"]);
    await volumes.remove("data", { force: false });
    expect(readdirSync(join(dataRoot, "volumes"))).toEqual([]);
    expect(events.map(({ action }) => action)).toEqual(["create", "destroy"]);
  });

  test("remove() keeps a volume in which something is mounted", async () => {
    const volumes = engine();
    await volumes.create({ Name: "data" });
    mounted.push(`ext4 /dev/sdb1  ${pathOf("data")}/disk`);
    expect(volumes.remove("data", { force: true })).rejects.toThrow(
      `remove data: something is mounted at ${pathOf("data")}/disk`,
    );
    expect(volumes.find("data")).toBeDefined();
    expect(existsSync(pathOf("data"))).toBe(true);
  });

  test("mount() of a plain volume mounts nothing, and tells where it is", async () => {
    const volumes = engine();
    await volumes.create({ Name: "data" });
    const place = { destination: "/d", readOnly: true, propagation: "" };
    expect(await volumes.mount("data", "c1", place)).toBe(pathOf("data"));
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

  test("mount() mounts a volume with options once for all its containers", async () => {
    const volumes = engine();
    await volumes.create({ Name: "ram", DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } });
    await volumes.create({ Name: "host", DriverOpts: { type: "none", device: "/srv", o: "bind" } });
    for (const container of ["c1", "c2"]) await volumes.mount("ram", container);
    await volumes.mount("host", "c1");
    expect(mounted).toEqual([`tmpfs tmpfs size=1m ${pathOf("ram")}`, `bind /srv  ${pathOf("host")}`]);
    await volumes.unmount("ram", "c1");
    await volumes.unmount("host", "c1");
    expect(mounted).toHaveLength(1);
    await volumes.unmount("ram", "c2");
    await volumes.unmount("ram", "c2");
    expect(mounted).toEqual([]);
  });

  test("mount() says what could not be mounted", async () => {
    const volumes = engine();
    await volumes.create({ Name: "bad", DriverOpts: { type: "ext4", device: "broken" } });
    await expect(volumes.mount("bad", "c1")).rejects.toThrow(
      `error while mounting volume '${pathOf("bad")}': failed to mount local volume: mount broken:${pathOf("bad")}: no such device`,
    );
  });

  test("mount() keeps passwords out of what it says", async () => {
    const volumes = engine();
    const o = "username=me,password=word,password2=other,vers=3.0";
    await volumes.create({ Name: "bad", DriverOpts: { type: "cifs", device: "broken", o } });
    await expect(volumes.mount("bad", "c1")).rejects.toThrow(
      "data: username=me,password=********,password2=********,vers=3.0: no such device",
    );
  });
});

describe("many", () => {
  test("list() filters by use, name, driver and label", async () => {
    const volumes = engine();
    await volumes.create({ Name: "used", Labels: { tier: "db" } }, { user: "c1" });
    await volumes.create({ Name: "idle" });
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
    const { name } = await volumes.create({});
    await volumes.create({ Name: "named" });
    await volumes.create({ Name: "kept", Labels: { keep: "" } });
    await volumes.create({}, { user: "c1" });
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
  test("undoes mounts nobody needs, keeps those of living containers", async () => {
    const before = engine();
    for (const name of ["one", "two"]) {
      await before.create(
        { Name: name, DriverOpts: { type: "tmpfs", device: "tmpfs" } },
        { user: `c-${name}` },
      );
      await before.mount(name, `c-${name}`);
    }
    const after = engine();
    await after.recover(new Set(["c-one"]));
    expect(mounted).toEqual([`tmpfs tmpfs  ${pathOf("one")}`]);
    await after.unmount("one", "c-one");
    expect(mounted).toEqual([]);
  });

  test("finishes removals and takes in volumes whose record is lost", async () => {
    mkdirSync(pathOf("lost"), { recursive: true });
    mkdirSync(join(dataRoot, "volumes", ".removed-1", "_data"), { recursive: true });
    const volumes = engine();
    await volumes.recover(new Set());
    expect(volumes.list().map(({ name, anonymous }) => [name, anonymous])).toEqual([["lost", false]]);
    while (existsSync(join(dataRoot, "volumes", ".removed-1"))) await Bun.sleep(1);
  });
});
