import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import { anonymousVolume, ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

describe("create()", () => {
  test("records the container with everything docker fills in", async () => {
    const id = await lab.create("/web", { Env: ["A=1"], HostConfig: { Memory: 64 << 20 } });
    const view = lab.containers.get("web");
    expect(view).toMatchObject({ id, name: "web", imageName: "busybox", restartCount: 0 });
    expect(view.config).toMatchObject({ Hostname: shortId(id), Env: ["A=1", "PATH=/bin"], Cmd: ["top"] });
    expect(view.hostConfig).toMatchObject({
      NetworkMode: "bridge",
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      LogConfig: { Type: "json-file", Config: {} },
      MemorySwap: 128 << 20,
      ShmSize: 64 << 20,
      Runtime: "crun",
    });
    expect(view.endpoints).toEqual({ bridge: {} });
    expect(view.state).toMatchObject({ status: "created", startedAt: "0001-01-01T00:00:00Z" });
    expect(lab.actions()).toEqual(["create"]);
  });

  test("gives a name to a container that has none", async () => {
    const body = { Image: "busybox", Cmd: ["top"] };
    const { id } = await lab.containers.create({ name: undefined, platform: undefined, body });
    expect(lab.containers.get(id).name).toMatch(/^[a-z]+_[a-z]+$/);
  });

  const refused = [
    {
      name: "a",
      body: {},
      kind: InvalidArgument,
      text: "Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
    },
    { name: "ok", body: { Image: "nope" }, kind: NotFound, text: "No such image: nope:latest" },
    { name: "ok", body: { Cmd: [] }, kind: InvalidArgument, text: "no command specified" },
    {
      name: "ok",
      body: { Image: "" },
      kind: InvalidArgument,
      text: "no command specified",
    },
    {
      name: "ok",
      body: { WorkingDir: "here" },
      kind: InvalidArgument,
      text: "the working directory 'here' is invalid, it needs to be an absolute path",
    },
    { name: "ok", body: { StopSignal: "SIGNOPE" }, kind: InvalidArgument, text: "invalid signal: SIGNOPE" },
    {
      name: "ok",
      body: { HostConfig: { Links: ["gone:db"] } },
      kind: InvalidArgument,
      text: "could not get container for gone: No such container: gone",
    },
    {
      name: "ok",
      body: { HostConfig: { Runtime: "fast" } },
      kind: InvalidArgument,
      text: "unknown or invalid runtime name: fast",
    },
    {
      name: "ok",
      body: { HostConfig: { CapAdd: ["NOPE"] } },
      kind: InvalidArgument,
      text: 'invalid CapAdd: unknown capability: "CAP_NOPE"',
    },
    {
      name: "ok",
      body: { HostConfig: { AutoRemove: true, RestartPolicy: { Name: "always" as const } } },
      kind: InvalidArgument,
      text: "can't create 'AutoRemove' container with restart policy",
    },
  ];
  for (const row of refused)
    test(`refuses ${row.name} ${JSON.stringify(row.body)} in Docker's words`, async () => {
      await expect(lab.create(row.name, row.body)).rejects.toThrow(new row.kind(row.text));
      expect(await lab.leaks()).toEqual([]);
    });

  test("refuses a name that is taken, and gives it again when it is free", async () => {
    const id = await lab.create("web");
    await expect(lab.create("web")).rejects.toThrow(
      new Conflict(
        `Conflict. The container name "/web" is already in use by container "${id}". ` +
          "You have to remove (or rename) that container to be able to reuse that name.",
      ),
    );
    await lab.containers.rename("web", "old");
    await lab.create("web");
  });

  for (const call of ["volumes.create", "snapshots.createWritable"])
    test(`leaves nothing when ${call} fails`, async () => {
      lab.mounts = [anonymousVolume("data")];
      lab.failAt(call);
      await expect(lab.create("web")).rejects.toThrow(`${call} failed`);
      await lab.settle();
      expect(await lab.leaks()).toEqual([]);
      expect(await lab.containers.list({ all: true })).toEqual([]);
      expect(lab.actions()).toEqual([]);
    });
});

describe("get()", () => {
  test("finds by id, name and unique prefix, and says what it did not find", async () => {
    const id = await lab.create("web");
    for (const text of [id, "web", "/web", id.slice(0, 12), id.slice(0, 4)])
      expect(lab.containers.get(text).id).toBe(id);
    expect(() => lab.containers.get("nope")).toThrow(new NotFound("No such container: nope"));
  });

  test("refuses a prefix of two ids", async () => {
    const ids: string[] = [];
    while (!ids.some((id, at) => ids.slice(at + 1).some((other) => other[0] === id[0])))
      ids.push(await lab.create(`web${ids.length}`));
    const prefix = ids.at(-1)![0]!;
    expect(() => lab.containers.get(prefix)).toThrow(
      new InvalidArgument(`multiple IDs found with provided prefix: ${prefix}`),
    );
  });
});
