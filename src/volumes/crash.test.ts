import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import { openMemoryState } from "#state/memory.ts";
import type { CollectionDefinition } from "#state/types.ts";
import { pluginsIn } from "./_testing/plugins-in.ts";
import type { Volumes } from "./types.ts";
import { createVolumes } from "./volumes.ts";

/** A machine that stays while daemons come and go. Each step of a daemon passes `step` before it has any effect. */
class Lab {
  readonly dataRoot = mkdtempSync(join(tmpdir(), "wharf-volume-crash-"));
  readonly state = openMemoryState();
  readonly mounted = new Set<string>();
  /** The plugin's volumes, with who has them mounted. */
  readonly remote = new Map<string, Set<string>>();
  #stepsLeft = Number.POSITIVE_INFINITY;
  #daemon = { isDead: false };
  #server: Bun.Server<unknown> | undefined;

  constructor() {
    for (const name of ["plugins", "volumes"]) mkdirSync(join(this.dataRoot, name));
    this.startPlugin();
  }

  startPlugin(): void {
    this.#server = Bun.serve({
      unix: join(this.dataRoot, "plugins", "nas.sock"),
      fetch: async (request) => {
        const body = (await request.json()) as { readonly Name?: string; readonly ID?: string };
        return Response.json(this.#answer(new URL(request.url).pathname, body));
      },
    });
  }

  stopPlugin(): void {
    this.#server?.stop(true);
    rmSync(join(this.dataRoot, "plugins", "nas.sock"), { force: true });
  }

  crashAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  get hasCrashed(): boolean {
    return this.#daemon.isDead;
  }

  newDaemon(): Volumes {
    this.#daemon.isDead = true;
    this.#stepsLeft = Number.POSITIVE_INFINITY;
    const daemon = { isDead: false };
    this.#daemon = daemon;
    const step = () => {
      if (!daemon.isDead && this.#stepsLeft-- <= 0) daemon.isDead = true;
      if (daemon.isDead) throw new Error("the daemon died");
    };
    return createVolumes({
      dataRoot: this.dataRoot,
      kernel: { mounts: this.#mounts(step) } as unknown as Pick<Kernel, "mounts">,
      state: {
        collection: (definition) =>
          gated(this.state.collection(definition as CollectionDefinition<unknown>), step) as never,
        transaction: (work) => this.state.transaction(work),
      },
      events: { emit() {} },
      log: silentLog,
      clock: { now: () => 0, sleep: async () => {} },
      files: {
        async copy(from, to) {
          step();
          for (const name of readdirSync(from)) {
            cpSync(join(from, name), join(to, name));
            step();
          }
        },
        read: () => ({ bytes: new Blob(["tar"]).stream(), [Symbol.asyncDispose]: async () => {} }),
        async write(directory, archive) {
          step();
          writeFileSync(join(directory, "half"), "");
          step();
          for await (const piece of archive) writeFileSync(join(directory, "file"), piece);
        },
      },
      freeze: async () => ({ [Symbol.asyncDispose]: async () => {} }),
      plugins: pluginsIn(this.dataRoot),
    });
  }

  /** What is there and nobody's. */
  async orphans(volumes: Volumes): Promise<string[]> {
    await this.#deleted();
    const records = this.state.collection<{ name: string; pending?: unknown }>({
      name: "volumes",
      key: ({ name }) => name,
    });
    const local = volumes.list({ driver: ["local"] }).map(({ name }) => name);
    const remote = volumes.list({ driver: ["nas"] }).map(({ name }) => name);
    const directories = readdirSync(join(this.dataRoot, "volumes"));
    return [
      ...records.list().flatMap(({ name, pending }) => (pending ? [`pending ${name}`] : [])),
      ...directories.filter((name) => !local.includes(name)).map((name) => `directory ${name}`),
      ...local.filter((name) => !existsSync(this.file(name, ""))).map((name) => `record ${name}`),
      ...[...this.mounted].map((target) => `mount ${target}`),
      ...[...this.remote].flatMap(([name, users]) => [
        ...(remote.includes(name) ? [] : [`remote ${name}`]),
        ...[...users].map((user) => `remote ${name} mounted for ${user}`),
      ]),
      ...remote.filter((name) => !this.remote.has(name)).map((name) => `record ${name}`),
    ];
  }

  file(volume: string, name: string): string {
    return join(this.dataRoot, "volumes", volume, "_data", name);
  }

  /** What plugins are asked after a crash, and deletions, go on in the background. */
  async #deleted(): Promise<void> {
    for (let turn = 0; turn < 500; turn++) {
      const isBusy =
        readdirSync(join(this.dataRoot, "volumes")).some((name) => name.startsWith(".")) ||
        this.state
          .collection<{ pending?: unknown }>({ name: "volumes", key: () => "" })
          .list()
          .some(({ pending }) => pending) ||
        [...this.remote.values()].some((users) => users.size > 0);
      if (!isBusy) return;
      await Bun.sleep(2);
    }
  }

  #mounts(step: () => void) {
    return {
      mount: (_source: string, target: string) => {
        step();
        this.mounted.add(target);
      },
      bind: (_source: string, target: string) => {
        step();
        this.mounted.add(target);
      },
      unmount: (target: string) => {
        step();
        this.mounted.delete(target);
      },
      isMountPoint: (target: string) => this.mounted.has(target),
      list: () => [...this.mounted].map((target) => ({ target })),
    };
  }

  #answer(path: string, { Name: name = "", ID: id = "" }: { Name?: string; ID?: string }): object {
    const users = this.remote.get(name);
    switch (path) {
      case "/Plugin.Activate":
        return { Implements: ["VolumeDriver"] };
      case "/VolumeDriver.Create":
        this.remote.set(name, new Set());
        return {};
      case "/VolumeDriver.Remove":
        this.remote.delete(name);
        return {};
      case "/VolumeDriver.Mount":
        users?.add(id);
        return { Mountpoint: `/nas/${name}` };
      case "/VolumeDriver.Unmount":
        users?.delete(id);
        return {};
      case "/VolumeDriver.Get":
        return users ? { Volume: { Name: name } } : { Err: "no such volume" };
      default:
        return {};
    }
  }

  [Symbol.dispose](): void {
    this.stopPlugin();
    rmSync(this.dataRoot, { recursive: true });
  }
}

function gated<T extends object>(collection: T, step: () => void): T {
  return new Proxy(collection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (name === "put" || name === "delete") step();
        return value.apply(target, args);
      };
    },
  });
}

const TMPFS = { type: "tmpfs", device: "tmpfs" };

async function filled(volumes: Volumes, name: string): Promise<void> {
  const { mountpoint } = await volumes.create({ Name: name });
  for (const file of ["a", "b"]) writeFileSync(join(mountpoint, file), file);
}

interface Job {
  readonly prepare?: (volumes: Volumes) => Promise<unknown>;
  /** What is there afterwards has its files. */
  readonly isFilled?: true;
  readonly work: (volumes: Volumes) => Promise<unknown>;
  /** Names after a crash: one of these lists. */
  readonly either: readonly (readonly string[])[];
}

const JOBS: Record<string, Job> = {
  create: { work: (volumes) => volumes.create({ Name: "new" }), either: [[], ["new"]] },
  "create by a plugin": {
    work: (volumes) => volumes.create({ Name: "new", Driver: "nas" }),
    either: [[], ["new"]],
  },
  remove: {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    work: (volumes) => volumes.remove("old", { force: false }),
    either: [["old"], []],
  },
  "remove by a plugin": {
    prepare: (volumes) => volumes.create({ Name: "old", Driver: "nas" }),
    work: (volumes) => volumes.remove("old", { force: false }),
    either: [["old"], []],
  },
  "mount and unmount": {
    prepare: (volumes) => volumes.create({ Name: "ram", DriverOpts: TMPFS }, { user: "c1" }),
    work: async (volumes) => {
      await volumes.mount("ram", "c1");
      await volumes.unmount("ram", "c1");
    },
    either: [["ram"]],
  },
  "mount and release by a plugin": {
    prepare: (volumes) => volumes.create({ Name: "far", Driver: "nas" }, { user: "c1" }),
    work: async (volumes) => {
      await volumes.mount("far", "c1");
      await volumes.release("c1");
    },
    either: [["far"]],
  },
  rename: {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    work: (volumes) => volumes.rename("old", "new"),
    either: [["old"], ["new"]],
  },
  clone: {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    work: (volumes) => volumes.clone("old", "new"),
    either: [["old"], ["new", "old"]],
  },
  snapshot: {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    work: (volumes) => volumes.snapshot("old", "snap"),
    either: [["old"], ["old", "snap"]],
  },
  "export of a copy": {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    async work(volumes) {
      await using archive = await volumes.export("old", { freeze: true });
      for await (const _ of archive.bytes);
    },
    either: [["old"]],
  },
  import: {
    work: (volumes) => volumes.import("new", new Blob(["tar"]).stream()),
    either: [[], ["new"]],
  },
  prune: {
    prepare: (volumes) => filled(volumes, "old"),
    isFilled: true,
    work: (volumes) => volumes.prune({ all: ["true"] }),
    either: [["old"], []],
  },
};

describe("recover()", () => {
  for (const [name, { prepare, isFilled, work, either }] of Object.entries(JOBS))
    test(`leaves nothing half done when the daemon dies at any step of ${name}`, async () => {
      for (let steps = 0; ; steps++) {
        using lab = new Lab();
        const volumes = lab.newDaemon();
        await prepare?.(volumes);
        lab.crashAfter(steps);
        const failure = await work(volumes).catch((error: unknown) => error);
        const { hasCrashed } = lab;
        if (failure instanceof Error && !hasCrashed) throw failure;
        const next = lab.newDaemon();
        await next.recover(new Set());
        expect({ steps, orphans: await lab.orphans(next) }).toEqual({ steps, orphans: [] });
        const names = next.list().map((volume) => volume.name);
        expect(either).toContainEqual(names);
        for (const name of isFilled ? names : [])
          expect({ name, files: readdirSync(lab.file(name, "")).sort() }).toEqual({
            name,
            files: ["a", "b"],
          });
        if (!hasCrashed) break;
        expect(steps).toBeLessThan(50);
      }
    });

  test("keeps what containers that live on have mounted", async () => {
    using lab = new Lab();
    const volumes = lab.newDaemon();
    await volumes.create({ Name: "far", Driver: "nas" }, { user: "c1" });
    await volumes.create({ Name: "ram", DriverOpts: TMPFS }, { user: "c1" });
    for (const name of ["far", "ram"]) await volumes.mount(name, "c1");
    const next = lab.newDaemon();
    await next.recover(new Set(["c1"]));
    expect([...lab.remote.get("far")!]).toEqual(["c1"]);
    expect([...lab.mounted]).toEqual([lab.file("ram", "").replace(/\/$/, "")]);
    for (const name of ["far", "ram"]) await next.unmount(name, "c1");
    expect([[...lab.remote.get("far")!], [...lab.mounted]]).toEqual([[], []]);
  });

  test("does not wait for a plugin that is gone, and goes on when it is back", async () => {
    using lab = new Lab();
    const volumes = lab.newDaemon();
    await volumes.create({ Name: "far", Driver: "nas" }, { user: "c1" });
    await volumes.mount("far", "c1");
    lab.stopPlugin();
    await lab.newDaemon().recover(new Set());
    expect([...lab.remote.get("far")!]).toEqual(["c1"]);
    lab.startPlugin();
    const next = lab.newDaemon();
    await next.recover(new Set());
    expect(await lab.orphans(next)).toEqual([]);
  });
});
