import { expect, test } from "bun:test";
import { mountPlaceHole } from "./known-holes.ts";

test("mountPlaceHole() knows which runc follows links of others", () => {
  const lines = [
    "runc version 1.1.5+ds1",
    "runc version 1.1.13",
    "runc version 1.2.0-rc.2",
    "runc version 1.1.14",
    "runc version 1.2.0-rc.3",
    "runc version 1.2.0",
    "runc version 1.10.1",
    "crun version 1.8.1",
    "kata-runtime  : 1.0.0",
    "",
  ];
  expect(lines.map(mountPlaceHole)).toEqual([
    "runc 1.1.5",
    "runc 1.1.13",
    "runc 1.2.0-rc.2",
    ...new Array(7).fill(undefined),
  ]);
});
