import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { anonymousVolume, ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(async () => {
  lab = new ContainersLab();
  lab.mounts = [anonymousVolume("data")];
  await lab.create("db", { Labels: { tier: "back" } });
  lab.mounts = [];
  const web = await lab.create("web", {
    Labels: { tier: "front" },
    ExposedPorts: { "80/tcp": {} },
    NetworkingConfig: { EndpointsConfig: { blue: {} } },
    HostConfig: { NetworkMode: "blue" },
  });
  await lab.create("job");
  await lab.containers.start(web);
  const job = lab.containers.get("job").id;
  await lab.containers.start(job);
  lab.process(job).exit(3);
  await lab.settle();
  const sandbox = lab.world.sandboxes.get(web)!;
  const port = { protocol: "tcp", containerPort: 80, hostAddress: "0.0.0.0", hostPort: 8080 } as const;
  lab.world.sandboxes.set(web, { ...sandbox, ports: [port] });
});
afterEach(() => lab[Symbol.dispose]());

const names = async (request: Parameters<ContainersLab["containers"]["list"]>[0]) =>
  (await lab.containers.list(request)).map((view) => view.name);

describe("list()", () => {
  test("shows who runs, or all, newest first", async () => {
    expect(await names({})).toEqual(["web"]);
    expect(await names({ all: true })).toEqual(["job", "web", "db"]);
    expect(await names({ limit: 2 })).toEqual(["job", "web"]);
  });

  test("finds sizes when asked", async () => {
    const [web] = await lab.containers.list({ size: true });
    expect(web?.sizes).toEqual({ rw: 42, rootFs: 1042 });
    expect((await lab.containers.list({}))[0]?.sizes).toBeUndefined();
  });

  const table: [Record<string, string[]>, string[]][] = [
    [{ name: ["b"] }, ["job", "web", "db"]],
    [{ name: ["^/web$"] }, ["web"]],
    [{ name: ["web", "db"] }, ["web", "db"]],
    [{ label: ["tier"] }, ["web", "db"]],
    [{ label: ["tier=front"] }, ["web"]],
    [{ status: ["exited"] }, ["job"]],
    [{ status: ["running", "created"] }, ["web", "db"]],
    [{ exited: ["3"] }, ["job"]],
    [{ exited: ["0"] }, []],
    [{ before: ["web"] }, ["db"]],
    [{ since: ["db"] }, ["job", "web"]],
    [{ ancestor: ["busybox"] }, ["job", "web", "db"]],
    [{ ancestor: ["other"] }, []],
    [{ volume: ["data"] }, ["db"]],
    [{ volume: ["/data"] }, ["db"]],
    [{ network: ["blue"] }, ["web"]],
    [{ network: ["id-of-bl"] }, ["web"]],
    [{ publish: ["8080"] }, ["web"]],
    [{ publish: ["8000-9000/udp"] }, []],
    [{ expose: ["80/tcp"] }, ["web"]],
    [{ health: ["none"] }, ["job", "web", "db"]],
    [{ health: ["healthy"] }, []],
    [{ "is-task": ["false"] }, ["job", "web", "db"]],
    [{ "is-task": ["true"] }, []],
    [{ label: ["tier"], status: ["running"] }, ["web"]],
  ];
  for (const [filters, expected] of table)
    test(`with ${JSON.stringify(filters)} shows ${expected}`, async () => {
      expect(await names({ all: true, filters })).toEqual(expected);
    });

  test("shows stopped ones too when their status is asked for", async () => {
    expect(await names({ filters: { status: ["exited"] } })).toEqual(["job"]);
  });

  const refused: [Record<string, string[]>, string][] = [
    [{ colour: ["red"] }, "invalid filter 'colour'"],
    [{ status: ["asleep"] }, "invalid filter 'status=asleep'"],
    [{ health: ["fine"] }, "invalid filter 'health=fine'"],
    [{ exited: ["often"] }, "invalid filter 'exited=often'"],
    [{ publish: ["http"] }, "invalid filter 'publish=http'"],
  ];
  for (const [filters, text] of refused)
    test(`refuses ${JSON.stringify(filters)}`, async () => {
      await expect(names({ filters })).rejects.toThrow(new InvalidArgument(text));
    });

  test("does not know a container that is not there", async () => {
    await expect(names({ filters: { since: ["gone"] } })).rejects.toThrow(
      new NotFound("No such container: gone"),
    );
  });
});

describe("prune()", () => {
  test("removes what does not run, as far as the filters let it", async () => {
    const { removed, spaceReclaimed } = await lab.containers.prune({ label: ["tier=back"] });
    expect([removed.length, spaceReclaimed]).toEqual([1, 42]);
    expect(await names({ all: true })).toEqual(["job", "web"]);
    await lab.containers.prune({});
    expect(await names({ all: true })).toEqual(["web"]);
    expect(lab.world.volumes.size).toBe(1); // prune keeps volumes
  });

  test("keeps what is younger than until, and refuses filters it does not know", async () => {
    await lab.containers.prune({ until: ["1h"] });
    expect(await names({ all: true })).toEqual(["job", "web", "db"]);
    await expect(lab.containers.prune({ name: ["x"] })).rejects.toThrow("invalid filter 'name'");
  });

  test("is not run twice at a time", async () => {
    const first = lab.containers.prune({});
    await expect(lab.containers.prune({})).rejects.toThrow("a prune operation is already running");
    await first;
  });
});

describe("counts() and imageUsers", () => {
  test("count what there is", async () => {
    expect(lab.containers.counts()).toEqual({ total: 3, running: 1, paused: 0, stopped: 2 });
    expect(lab.containers.imageUsers.countFor(lab.image.id)).toBe(3);
    expect(lab.containers.imageUsers.usersOf(lab.image.id).filter(({ running }) => running)).toHaveLength(1);
  });
});
