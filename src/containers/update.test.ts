import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { ContainersLab } from "../../test/fakes/containers-lab.ts";

let lab: ContainersLab;
beforeEach(() => {
  lab = new ContainersLab();
});
afterEach(() => lab[Symbol.dispose]());

describe("update()", () => {
  test("changes the record, and a running container at once", async () => {
    const id = await lab.create("web", { HostConfig: { Memory: 64 << 20, CpuShares: 512 } });
    await lab.containers.start(id);
    await lab.containers.update(id, { Memory: 96 << 20, CpuShares: 0, RestartPolicy: { Name: "always" } });
    expect(lab.containers.get(id).hostConfig).toMatchObject({
      Memory: 96 << 20,
      MemorySwap: 128 << 20,
      CpuShares: 512,
      RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
    });
    expect(lab.calls).toContain("runtime.setLimits");
    expect(lab.actions().at(-1)).toBe("update");
  });

  test("leaves the record as it was when the kernel refuses", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    lab.failAt("runtime.setLimits", new Error("device or resource busy"));
    await expect(lab.containers.update(id, { Memory: 64 << 20 })).rejects.toThrow(
      `Cannot update container ${id}: device or resource busy`,
    );
    expect(lab.containers.get(id).hostConfig.Memory).toBe(0);
  });

  const refused = [
    {
      has: { NanoCpus: 1e9 },
      asks: { CpuPeriod: 1000 },
      text: "CPU Period cannot be updated as NanoCPUs has already been set",
    },
    { has: { CpuQuota: 5000 }, asks: { NanoCpus: 1e9 }, text: "Nano CPUs cannot be updated" },
    { has: { Memory: 8 << 20 }, asks: { Memory: 64 << 20 }, text: "update the memoryswap at the same time" },
    { has: {}, asks: { Memory: 1 }, text: "Minimum memory limit allowed is 6MB" },
    {
      has: { AutoRemove: true },
      asks: { RestartPolicy: { Name: "always" as const } },
      text: "Restart policy cannot be updated because AutoRemove is enabled for the container",
    },
  ];
  for (const row of refused)
    test(`refuses ${JSON.stringify(row.asks)} for ${JSON.stringify(row.has)}`, async () => {
      await lab.create("web", { HostConfig: row.has });
      await expect(lab.containers.update("web", row.asks)).rejects.toThrow(row.text);
    });
});

describe("rename()", () => {
  test("gives a free name and tells the old one", async () => {
    const id = await lab.create("web");
    await lab.create("db");
    await lab.containers.rename("web", "/front");
    expect(lab.containers.get("front").id).toBe(id);
    expect(lab.events.at(-1)).toMatchObject({
      action: "rename",
      attributes: { name: "front", oldName: "/web" },
    });
    await expect(lab.containers.rename("front", "db")).rejects.toThrow(
      /^Error when allocating new name: Conflict\. The container name "\/db" is already in use/,
    );
    await expect(lab.containers.rename("front", "front")).rejects.toThrow("same name as its current name");
    await expect(lab.containers.rename("front", "")).rejects.toThrow(
      "Neither old nor new names may be empty",
    );
    await expect(lab.containers.rename("front", "-x")).rejects.toThrow("Invalid container name (/-x)");
  });
});

describe("pause() and unpause()", () => {
  test("freeze and thaw, and restore the record when they cannot", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    await lab.containers.pause(id);
    expect([lab.containers.get(id).state.status, [...lab.world.frozen]]).toEqual(["paused", [`/lab/${id}`]]);
    await lab.containers.unpause(id);
    expect([lab.containers.get(id).state.status, [...lab.world.frozen]]).toEqual(["running", []]);
    lab.failAt("runtime.freeze");
    await expect(lab.containers.pause(id)).rejects.toThrow("runtime.freeze failed");
    expect(lab.containers.get(id).state.status).toBe("running");
  });
});

describe("connect() and disconnect()", () => {
  test("change a running container's networks and what it sees of them", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    await lab.containers.connect("web", "blue", { Aliases: ["w"] });
    const { paths, endpoints, networks } = lab.containers.get(id);
    expect(endpoints).toEqual({ bridge: {}, blue: { Aliases: ["w"] } });
    expect(networks.map((endpoint) => endpoint.networkName)).toEqual(["bridge", "blue"]);
    expect(readFileSync(paths.hosts, "utf8")).toContain("blue");
    await expect(lab.containers.connect("web", "blue", {})).rejects.toThrow(
      "endpoint with name web already exists in network blue",
    );
    await lab.containers.disconnect("web", "blue", false);
    expect(lab.containers.get(id).endpoints).toEqual({ bridge: {} });
    expect(readFileSync(paths.hosts, "utf8")).not.toContain("blue");
  });

  test("change the record of a stopped one", async () => {
    const id = await lab.create("web");
    await lab.containers.connect(id, "blue", {});
    await lab.containers.disconnect(id, "bridge", false);
    expect(lab.containers.get(id).endpoints).toEqual({ blue: {} });
    await expect(lab.containers.disconnect(id, "red", false)).rejects.toThrow(
      `container ${id} is not connected to the network red`,
    );
  });

  test("keep the record when the network refuses", async () => {
    const id = await lab.create("web");
    await lab.containers.start(id);
    lab.failAt("networks.connect");
    await expect(lab.containers.connect(id, "blue", {})).rejects.toThrow("networks.connect failed");
    expect(lab.containers.get(id).endpoints).toEqual({ bridge: {} });
  });

  test("are refused to who lives in another's network", async () => {
    await lab.create("web");
    await lab.create("side", { HostConfig: { NetworkMode: "container:web" } });
    await lab.create("hosted", { HostConfig: { NetworkMode: "host" } });
    await expect(lab.containers.connect("side", "blue", {})).rejects.toThrow(
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
    await expect(lab.containers.connect("hosted", "blue", {})).rejects.toThrow("host network");
  });
});

describe("resize()", () => {
  test("tells the process and the world", async () => {
    const id = await lab.create("web", { Tty: true });
    await expect(lab.containers.resize(id, 24, 80)).rejects.toThrow(`container ${id} is not running`);
    await lab.containers.start(id);
    await lab.containers.resize(id, 24, 80);
    expect(lab.process(id).sizes).toEqual([[24, 80]]);
    expect(lab.events.at(-1)).toMatchObject({ action: "resize", attributes: { height: "24", width: "80" } });
  });
});
