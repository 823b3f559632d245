import { describe, expect, test } from "bun:test";
import type { HostConfig } from "#spec/docker/containers.ts";
import { type MountsRequest, planMounts } from "./mounts.ts";
import type { PlannedMount } from "./types.ts";

const ANONYMOUS = "a".repeat(64);

function plan(hostConfig: HostConfig, parts: Partial<MountsRequest> = {}): PlannedMount[] {
  const request = {
    config: {},
    mountsOf: () => [],
    imageOf: (name: string) => `id of ${name}`,
    ...parts,
    hostConfig,
  };
  return planMounts(request, { pathExists: (path) => path !== "/missing", newName: () => ANONYMOUS });
}

const one = (hostConfig: HostConfig) => plan(hostConfig)[0];

describe("-v", () => {
  test("a host path is bound, and made when it is missing", () => {
    expect(one({ Binds: ["/srv/../data/:/in/./here/"] })).toEqual({
      type: "bind",
      destination: "/in/here",
      source: "/data/",
      volume: undefined,
      driver: undefined,
      readOnly: false,
      propagation: "rprivate",
      mode: "",
      copyUp: false,
      recursive: true,
      subpath: undefined,
      createSource: true,
      tmpfsOptions: [],
      anonymous: false,
      spec: undefined,
    });
  });

  test("a name is a volume of the container's driver, filled from the image", () => {
    expect(one({ Binds: ["data:/data"], VolumeDriver: "nas" })).toMatchObject({
      type: "volume",
      source: "data",
      volume: "data",
      driver: "nas",
      mode: "z",
      propagation: "",
      copyUp: true,
      anonymous: false,
      createSource: false,
    });
  });

  const MODES = [
    { bind: "data:/d:ro", expected: { readOnly: true, mode: "ro", copyUp: true } },
    { bind: "data:/d:nocopy", expected: { copyUp: false, mode: "nocopy" } },
    { bind: "/d:/d:rslave,ro", expected: { propagation: "rslave", readOnly: true, mode: "rslave,ro" } },
    { bind: "/d:/d:z,cached", expected: { readOnly: false, mode: "z,cached" } },
  ];
  for (const { bind, expected } of MODES)
    test(`${bind} has its mode`, () => {
      expect(one({ Binds: [bind] })).toMatchObject(expected);
    });

  const REFUSED = [
    { bind: ":/x", text: "invalid volume specification: ':/x'" },
    { bind: "/a:/b:ro:x", text: "invalid volume specification: '/a:/b:ro:x'" },
    { bind: "/a:ro", text: "invalid volume specification: '/a:ro'" },
    { bind: "/a", text: "invalid volume specification: '/a'" },
    { bind: "/a:/b:rx", text: "invalid mode: rx" },
    { bind: "/a:/b:ro,rw", text: "invalid mode: ro,rw" },
    {
      bind: "/a:/",
      text: `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
    },
    {
      bind: "v:rel",
      text: `invalid volume specification: 'v:rel': invalid mount config for type "volume": invalid mount path: 'rel' mount path must be absolute`,
    },
  ];
  for (const { bind, text } of REFUSED)
    test(`${bind} is refused: ${text}`, () => {
      expect(() => plan({ Binds: [bind] })).toThrow(text);
    });
});

describe("--mount", () => {
  test("a bind with options", () => {
    const spec = {
      Type: "bind",
      Source: "/src",
      Target: "/dst/",
      ReadOnly: true,
      BindOptions: { Propagation: "rshared", NonRecursive: true },
    } as const;
    expect(one({ Mounts: [spec] })).toMatchObject({
      type: "bind",
      source: "/src",
      destination: "/dst",
      readOnly: true,
      propagation: "rshared",
      recursive: false,
      createSource: false,
      mode: "",
      spec,
    });
  });

  test("a volume with driver, subpath and nocopy", () => {
    const VolumeOptions = { NoCopy: true, Subpath: "a/b", DriverConfig: { Name: "nas" } };
    const spec = { Type: "volume", Source: "v", Target: "/d", VolumeOptions } as const;
    expect(one({ Mounts: [spec] })).toMatchObject({
      driver: "nas",
      subpath: "a/b",
      copyUp: false,
      mode: "z",
    });
  });

  test("a volume without a source gets a name and is anonymous", () => {
    expect(one({ Mounts: [{ Type: "volume", Target: "/d" }] })).toMatchObject({
      volume: ANONYMOUS,
      source: ANONYMOUS,
      anonymous: true,
      driver: "local",
      copyUp: true,
    });
  });

  test("a tmpfs with size and mode", () => {
    const TmpfsOptions = { SizeBytes: 65536, Mode: 0o1770, Options: [["exec"], ["uid", "5"]] };
    expect(one({ Mounts: [{ Type: "tmpfs", Target: "/t", ReadOnly: true, TmpfsOptions }] })).toMatchObject({
      type: "tmpfs",
      source: "",
      tmpfsOptions: ["nosuid", "nodev", "ro", "mode=1770", "size=65536", "exec", "uid=5"],
    });
  });

  test("an image is mounted read-only", () => {
    expect(one({ Mounts: [{ Type: "image", Source: "busybox", Target: "/i" }] })).toMatchObject({
      type: "image",
      source: "busybox",
      readOnly: true,
    });
  });

  const REFUSED = [
    {
      spec: { Type: "bind", Source: "/missing", Target: "/d" },
      text: "bind source path does not exist: /missing",
    },
    { spec: { Type: "bind", Target: "/d" }, text: "field Source must not be empty" },
    {
      spec: { Type: "bind", Source: "rel", Target: "/d" },
      text: "invalid mount path: 'rel' mount path must be absolute",
    },
    { spec: { Type: "bind", Source: "/s" }, text: "field Target must not be empty" },
    {
      spec: { Type: "bind", Source: "/s", Target: "/x/.." },
      text: "invalid specification: destination can't be '/'",
    },
    {
      spec: { Type: "bind", Source: "/s", Target: "/d", VolumeOptions: {} },
      text: "field VolumeOptions must not be specified",
    },
    {
      spec: { Type: "bind", Source: "/s", Target: "/d", BindOptions: { Propagation: "odd" } },
      text: "invalid propagation mode: odd",
    },
    {
      spec: { Type: "volume", Target: "/d", ReadOnly: true },
      text: "must not set ReadOnly mode when using anonymous volumes",
    },
    {
      spec: { Type: "volume", Target: "/d", VolumeOptions: { Subpath: "x" } },
      text: "must not set Subpath when using anonymous volumes",
    },
    {
      spec: { Type: "volume", Source: "v", Target: "/d", VolumeOptions: { Subpath: "../x" } },
      text: "subpath must be a relative path within the volume",
    },
    { spec: { Type: "tmpfs", Source: "/s", Target: "/d" }, text: "field Source must not be specified" },
    {
      spec: { Type: "tmpfs", Target: "/d", TmpfsOptions: { Options: [["huge"]] } },
      text: 'invalid tmpfs option ["huge"]',
    },
    { spec: { Type: "image", Target: "/d" }, text: "field Source must not be empty" },
    { spec: { Type: "npipe", Source: "/s", Target: "/d" }, text: "mount type unknown" },
  ] as const;
  for (const { spec, text } of REFUSED)
    test(`${JSON.stringify(spec)} is refused: ${text}`, () => {
      const Mounts = [spec] as unknown as HostConfig["Mounts"];
      expect(() => plan({ Mounts })).toThrow(`invalid mount config for type "${spec.Type}": ${text}`);
    });

  test("a bind whose source is missing is planned when it may be made", () => {
    const BindOptions = { CreateMountpoint: true };
    const Mounts = [{ Type: "bind", Source: "/missing", Target: "/d", BindOptions }] as const;
    expect(one({ Mounts: [...Mounts] })?.createSource).toBe(true);
  });
});

describe("together", () => {
  test("parents come before what lies below them", () => {
    const places = plan(
      { Binds: ["/1:/a/b/c", "/2:/z"], Tmpfs: { "/a": "" } },
      { config: { Volumes: { "/a/b": {} } } },
    );
    expect(places.map(({ destination }) => destination)).toEqual(["/a", "/z", "/a/b", "/a/b/c"]);
  });

  const CLASHES: HostConfig[] = [
    { Binds: ["/a:/x", "v:/x/"] },
    { Binds: ["/a:/x"], Mounts: [{ Type: "volume", Target: "/x" }] },
    { Binds: ["/a:/x"], Tmpfs: { "/x": "" } },
    { Mounts: [{ Type: "tmpfs", Target: "/x" }], Tmpfs: { "/x": "" } },
  ];
  for (const hostConfig of CLASHES)
    test(`${JSON.stringify(hostConfig)} collides`, () => {
      expect(() => plan(hostConfig)).toThrow("Duplicate mount point: /x");
    });

  test("the image's volumes are anonymous, and give way to everything else", () => {
    const config = { Volumes: { "/data": {}, "/tmp": {}, "/log/": {} } };
    const mounts = plan({ Binds: ["/d:/data"], Tmpfs: { "/tmp": "" } }, { config });
    expect(mounts.map(({ destination, type }) => [destination, type])).toEqual([
      ["/data", "bind"],
      ["/log", "volume"],
      ["/tmp", "tmpfs"],
    ]);
    expect(mounts[1]).toMatchObject({ anonymous: true, mode: "", copyUp: true, driver: "local" });
  });

  test("volumes-from lends all but --tmpfs, perhaps read-only, and gives way to what the user asks", () => {
    const lender = plan({
      Binds: ["v:/v", "/b:/b:ro"],
      Tmpfs: { "/t": "" },
      Mounts: [{ Type: "tmpfs", Target: "/m" }],
    });
    const asked: string[] = [];
    const mountsOf = (container: string) => {
      asked.push(container);
      return lender;
    };
    const mounts = plan({ VolumesFrom: ["web:ro"], Binds: ["/other:/b"] }, { mountsOf });
    expect(asked).toEqual(["web"]);
    expect(mounts.map(({ destination, source, readOnly }) => [destination, source, readOnly])).toEqual([
      ["/b", "/other", false],
      ["/m", "", true],
      ["/v", "v", true],
    ]);
    expect(mounts[2]?.copyUp).toBe(false);
  });

  for (const [text, complaint] of [
    ["", "volumes-from specification cannot be an empty string"],
    ["web:nocopy", "invalid mode: nocopy"],
    ["web:x", "invalid mode: x"],
  ] as const)
    test(`volumes-from ${JSON.stringify(text)} is refused`, () => {
      expect(() => plan({ VolumesFrom: [text] })).toThrow(complaint);
    });
});
