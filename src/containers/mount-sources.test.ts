import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlannedMount } from "#volumes/types.ts";
import { anonymousVolume } from "../../test/fakes/containers-lab.ts";
import { findMountSources } from "./mount-sources.ts";
import type { ContainerRecord } from "./types.ts";

const directory = mkdtempSync(join(tmpdir(), "mount-sources-"));
afterAll(() => rmSync(directory, { recursive: true }));

const filled: string[] = [];
const parts = {
  volumes: { mount: async () => directory } as never,
  copyUp: async ({ path }: { path: string }) => void filled.push(path),
  mounts: {
    below(_root: string, path: string, target: string) {
      if (path === "out") throw Object.assign(new Error("openat2"), { code: "EXDEV" });
      if (path === "gone") throw new Error("openat2 gone: no such file or directory (ENOENT)");
      mkdirSync(target, { recursive: true });
    },
    restrictions: () => ["nosuid"],
    mountOf: () => ({ target: "/", peers: ["shared:1"] }),
  } as never,
  settings: { dataRoot: directory, execRoot: directory } as never,
  snapshots: {} as never,
  userns: { mappings: undefined } as never,
  specs: {} as never,
};

const find = async (mount: Partial<PlannedMount>) => {
  const record = {
    id: "4f3e",
    hostConfig: {},
    mounts: [{ ...anonymousVolume("data"), ...mount }],
  } as unknown as ContainerRecord;
  return (await findMountSources(parts, record, "/root"))[0]!;
};

describe("findMountSources()", () => {
  test("gives a volume's directory and fills it from the image", async () => {
    expect(await find({})).toMatchObject({
      type: "bind",
      source: directory,
      destination: "/data",
      readOnly: false,
    });
    expect(filled).toEqual(["/data"]);
  });

  test("makes the missing source of a -v, and refuses that of a --mount", async () => {
    const source = join(directory, "made/for/you");
    await find({ type: "bind", source, createSource: true });
    expect(existsSync(source)).toBe(true);
    await expect(find({ type: "bind", source: "/no/such/place" })).rejects.toThrow(
      'invalid mount config for type "bind": bind source path does not exist: /no/such/place',
    );
    await expect(find({ type: "bind", source: "/proc/no", createSource: true })).rejects.toThrow(
      "error while creating mount source path '/proc/no'",
    );
  });

  test("finds a place in a volume, and none outside of it", async () => {
    expect((await find({ subpath: "in" })).source).toBe(join(directory, "mounts/4f3e/0"));
    await expect(find({ subpath: "out" })).rejects.toThrow(
      "cannot access path out of the volume: it leads out of it",
    );
    await expect(find({ subpath: "gone" })).rejects.toThrow("cannot access path gone of the volume");
  });

  test("passes on how to mount", async () => {
    const spec = { BindOptions: { ReadOnlyNonRecursive: true } };
    expect(
      await find({
        type: "bind",
        source: directory,
        readOnly: true,
        recursive: false,
        propagation: "rshared",
        spec,
      }),
    ).toMatchObject({
      readOnly: true,
      recursive: false,
      writableBelow: true,
      propagation: "rshared",
    });
    expect(await find({ type: "tmpfs", tmpfsOptions: ["size=1m"] })).toMatchObject({
      type: "tmpfs",
      tmpfsOptions: ["size=1m"],
    });
  });
});
