import { expect, test } from "bun:test";
import type { PlannedMount } from "#volumes/types.ts";
import { racedMount, racedMountWarning } from "./raced-mounts.ts";

const mount = (type: PlannedMount["type"], source: string, destination: string, readOnly = false) =>
  ({ type, source, destination, readOnly }) as PlannedMount;
const container = (name: string, ...mounts: PlannedMount[]) => ({ name, mounts });

const inVolume = container(
  "app",
  mount("volume", "data", "/data"),
  mount("bind", "/etc/app", "/data/conf/app"),
);
const inBind = container("app", mount("bind", "/srv/site", "/www"), mount("tmpfs", "", "/www/cache"));
const beside = container("app", mount("volume", "data", "/data"), mount("volume", "conf", "/database"));

test.each([
  [
    "a mount in a volume of another",
    inVolume,
    container("b", mount("volume", "data", "/x")),
    "/data/conf/app",
  ],
  ["a mount in a bind of another", inBind, container("b", mount("bind", "/srv/site", "/x")), "/www/cache"],
  [
    "a mount in a bind of a directory above",
    inBind,
    container("b", mount("bind", "/srv", "/x")),
    "/www/cache",
  ],
  ["a volume only read elsewhere", inVolume, container("b", mount("volume", "data", "/x", true)), undefined],
  ["a volume of its own", inVolume, container("b", mount("volume", "other", "/x")), undefined],
  ["itself", inVolume, inVolume, undefined],
  ["mounts beside each other", beside, container("b", mount("volume", "data", "/x")), undefined],
  [
    "a mount in a tmpfs in a shared volume",
    container("app", mount("volume", "v", "/v"), mount("tmpfs", "", "/v/t"), mount("volume", "w", "/v/t/w")),
    container("b", mount("volume", "w", "/x")),
    undefined,
  ],
])("racedMount() of %s", (_, one, other, destination) => {
  expect(racedMount(one, [other])?.destination).toBe(destination);
});

test("racedMountWarning() names everybody, and what to do", () => {
  const raced = racedMount(inVolume, [container("b", mount("volume", "data", "/x"))])!;
  expect(racedMountWarning("runc 1.1.5", raced)).toBe(
    "runc 1.1.5 can be led astray while it makes the place of the mount /data/conf/app of app, which lies in data, " +
      "where b may write too (CVE-2024-45310): use runc 1.1.14 or newer, or crun",
  );
});
