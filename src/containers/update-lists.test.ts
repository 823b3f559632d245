import { expect, test } from "bun:test";
import { mergedLists, withDropped } from "./update-lists.ts";

const rate = (Path: string, Rate: number) => ({ Path, Rate });

test("withDropped() tells the kernel of devices that a new list leaves out", () => {
  const current = {
    BlkioDeviceReadBps: [rate("/dev/a", 5), rate("/dev/b", 6)],
    BlkioDeviceWriteBps: [rate("/dev/a", 7)],
    BlkioWeightDevice: [{ Path: "/dev/a", Weight: 300 }],
  };
  const asked = {
    BlkioDeviceReadBps: [rate("/dev/b", 8)],
    BlkioWeightDevice: [{ Path: "/dev/b", Weight: 20 }],
  };
  expect(withDropped(current, asked)).toEqual({
    BlkioDeviceReadBps: [rate("/dev/b", 8), rate("/dev/a", 0)],
    BlkioWeightDevice: [
      { Path: "/dev/b", Weight: 20 },
      { Path: "/dev/a", Weight: 0 },
    ],
  });
});

test("mergedLists() keeps limits alone: no rate of 0, and each size of huge pages by itself", () => {
  const current = {
    HugepageLimits: [
      { PageSize: "2MB", Limit: 4 },
      { PageSize: "1GB", Limit: 9 },
    ],
  };
  const asked = {
    BlkioDeviceReadIOps: [rate("/dev/a", 0), rate("/dev/b", 3)],
    HugepageLimits: [{ PageSize: "2MB", Limit: -1 }],
  };
  expect(mergedLists(current, asked)).toEqual({
    BlkioDeviceReadIOps: [rate("/dev/b", 3)],
    HugepageLimits: [{ PageSize: "1GB", Limit: 9 }],
  });
});
