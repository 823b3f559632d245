import { beforeAll, expect, test } from "bun:test";
import { buildImage, writeLayout } from "#registry/_testing/registry.ts";
import { IS_DOCKERD } from "../helpers/daemon.ts";
import { fileNames } from "../helpers/layout.ts";
import { testNothingIsLeft, until, useDaemon } from "../helpers/suite.ts";

const daemon = useDaemon();
const docker = (...args: string[]) => daemon().dockerText(...args);
const archive = "/run/full.tar"; // on another file system than the data

beforeAll(async () => {
  const { machine } = daemon();
  const image = await buildImage([fileNames("a", 100), fileNames("b", 100)], { sizeBytes: 10_000 });
  await writeLayout(machine.outside("/run/layout"), image, "big:1");
  await machine.text(["tar", "-C", "/run/layout", "-cf", archive, "."]);
  await docker("run", "--name", "writer", "busybox", "sh", "-c", "head -c 1000000 /dev/urandom >/data");
});

/** Leaves so much room on the file system of the data. */
async function leaveRoom(bytes: number): Promise<void> {
  const { machine } = daemon();
  const script = 'mount -o remount,size=$(( $(stat -f -c "(%b-%f)*%S" "$0") + $1 )) "$0"';
  await machine.text(["bash", "-c", script, machine.directory, String(bytes)]);
}

async function stored(): Promise<string> {
  const { machine, dataRoot } = daemon();
  const text = await machine.text([
    "sh",
    "-c",
    'cd "$0" && find content overlay2 vfs -type f 2>/dev/null; :',
    dataRoot,
  ]);
  return text.split("\n").toSorted().join("\n");
}

async function expectUnchanged(before: string): Promise<void> {
  // Files of an image removed a moment ago may still be on their way out.
  const known = new Set(before.split("\n"));
  await until("nothing left behind", stored, (now) => now.split("\n").every((file) => known.has(file)));
  expect(await docker("images", "--format", "{{.Repository}}")).toBe("busybox");
}

/** Failing at the first blob, a later one, while unpacking, and near the end. */
const ROOMS = [50_000, 1_200_000, 2_300_000, 3_500_000];

test.skipIf(IS_DOCKERD)(
  "load and import on a full disk say so, leave nothing, and work once there is room",
  async () => {
    const before = await stored();
    for (const room of ROOMS) {
      await leaveRoom(room);
      const load = await daemon().docker("load", "-i", archive);
      const text = `${room} ${load.stdout}${load.stderr}`;
      expect(text).toContain("no space left on device");
      expect(text).toContain("free disk space below the data root");
      await expectUnchanged(before);
    }
    await leaveRoom(100_000);
    const imported = await daemon().docker("import", archive, "imported:1");
    expect(imported.stderr).toMatch(/cannot store import \w+ in .*content\/ingest: no space left on device/);
    await expectUnchanged(before);
    await leaveRoom(64 << 20);
    expect(await docker("load", "-i", archive)).toContain("Loaded image: big:1");
    await docker("rmi", "big:1");
  },
);

test.skipIf(IS_DOCKERD)(
  "commit on a full disk says so, leaves nothing, and works once there is room",
  async () => {
    const before = await stored();
    await leaveRoom(300_000);
    const commit = await daemon().docker("commit", "writer", "made:1");
    expect(commit.stderr).toMatch(/no space left on device/i);
    await expectUnchanged(before);
    await leaveRoom(64 << 20);
    await docker("commit", "writer", "made:1");
    expect(await docker("run", "--rm", "made:1", "wc", "-c", "/data")).toContain("1000000");
    await docker("rm", "writer");
    await docker("rmi", "made:1");
  },
);

test.skipIf(IS_DOCKERD)("with no room for a record the engine says so and goes on", async () => {
  await leaveRoom(0);
  const failed: string[] = [];
  for (let index = 0; index < 20 && failed.length === 0; index++) {
    const { exitCode, stderr } = await daemon().docker("tag", "busybox", `name-${index}:1`);
    if (exitCode !== 0) failed.push(stderr); // until then the log of the state store has room to spare
  }
  for (const text of failed) expect(text).toContain("cannot save the engine's state in ");
  expect(await docker("images", "-q", "busybox")).not.toBe("");
  await leaveRoom(64 << 20);
  const names = (await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
  const made = names.filter((name) => name.startsWith("name-"));
  if (made.length > 0) await docker("rmi", ...made);
  expect(await docker("images", "--format", "{{.Repository}}")).toBe("busybox");
});

testNothingIsLeft(daemon);
