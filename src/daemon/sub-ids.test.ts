import { expect, test } from "bun:test";
import { mappingsFor, missingRange } from "./sub-ids.ts";

const files = {
  passwd: "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n",
  group: "root:x:0:\nstaff:x:50:\n",
  subuid: "web:100000:65536\ndockremap:300000:10\n2000:7:7\nweb:500000:100\n",
  subgid: "web:200000:65536\ndockremap:300000:10\n2000:8:8\n50:9:9\n",
};

test("mappingsFor() puts a user's ranges one after the other", () => {
  expect(mappingsFor("web", files)).toEqual({
    uids: [
      { containerId: 0, hostId: 100_000, size: 65_536 },
      { containerId: 65_536, hostId: 500_000, size: 100 },
    ],
    gids: [{ containerId: 0, hostId: 200_000, size: 65_536 }],
  });
});

test("mappingsFor() knows users and groups by number, and the default's name", () => {
  expect(mappingsFor("1000", files)).toEqual(mappingsFor("web", files));
  expect(mappingsFor("2000:2000", files).gids).toEqual([{ containerId: 0, hostId: 8, size: 8 }]);
  expect(mappingsFor("web:staff", files).gids).toEqual([{ containerId: 0, hostId: 9, size: 9 }]);
  expect(mappingsFor("default", files).uids[0]!.hostId).toBe(300_000);
});

test("mappingsFor() refuses who has no ids", () => {
  expect(() => mappingsFor("nobody", files)).toThrow(
    `Can't create ID mappings: No subuid ranges found for user "nobody"`,
  );
  expect(() => mappingsFor("web", { ...files, subgid: "" })).toThrow("No subgid ranges");
});

test("missingRange() begins behind every other", () => {
  expect(missingRange("dockremap", files.subuid)).toBeUndefined();
  expect(missingRange("new", files.subuid)).toBe("new:500100:65536\n");
  expect(missingRange("new", "")).toBe("new:100000:65536\n");
});
