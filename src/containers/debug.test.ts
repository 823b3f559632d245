import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

describe("debugging containers", () => {
  let lab: ContainersLab;
  let web: string;
  beforeEach(async () => {
    lab = new ContainersLab();
    web = await lab.create("web");
  });
  afterEach(() => lab[Symbol.dispose]());

  const debug = (name: string, hostConfig: object = {}) =>
    lab.create(name, { HostConfig: { ...hostConfig, Annotations: { "wharf.debug": "web" } } });
  const held = () => [...lab.world.mounts].filter((path) => path.includes("/debug/"));

  test("hold a stopped container's files, and nobody else gets them meanwhile", async () => {
    const first = await debug("first");
    await lab.containers.start(first);
    expect(held()).toHaveLength(1);
    const second = await debug("second");
    for (const ask of [
      () => lab.containers.start(web),
      () => lab.containers.start(second),
      () => lab.containers.remove(web, { force: true, volumes: false, link: false }),
      () => lab.containers.export(web),
    ])
      expect(ask()).rejects.toThrow('while container "/first" debugs it');
    await lab.settle();
    await lab.containers.stop(first, {});
    expect(held()).toEqual([]);
    await lab.containers.start(web);
    await lab.containers.start(second); // its files are mounted already
    expect(held()).toEqual([]);
    expect(await lab.leaks()).toEqual([]);
  });

  test("that fail to start give the files back", async () => {
    const first = await debug("first");
    lab.failAt("runtime.start");
    await expect(lab.containers.start(first)).rejects.toThrow("runtime.start failed");
    await lab.settle();
    expect(held()).toEqual([]);
    const next = lab.nextDaemon();
    await next.start(web);
    expect(next.get(web).state.status).toBe("running");
  });

  test("are remembered by the next daemon, and forgotten when they did not survive", async () => {
    const first = await debug("first");
    await lab.containers.start(first);
    await lab.nextDaemon().recover();
    await expect(lab.containers.start(web)).rejects.toThrow("debugs it");
    await lab.settle();
    await lab.reboot().recover();
    expect(held()).toEqual([]);
    await lab.containers.start(web);
  });

  test("need a container to look at that is none of their own kind, and no restart policy", async () => {
    await debug("first");
    const of = (name: string) => ({ HostConfig: { Annotations: { "wharf.debug": name } } });
    await expect(lab.create("xx", of("nobody"))).rejects.toThrow("No such container: nobody");
    await expect(lab.create("xx", of("first"))).rejects.toThrow("is a debugging container itself");
    await expect(debug("xx", { RestartPolicy: { Name: "always" } })).rejects.toThrow("restart policy");
  });
});
