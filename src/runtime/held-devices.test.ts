import { expect, test } from "bun:test";
import { withDevicePaths } from "./held-devices.ts";

test("withDevicePaths() names devices as they were asked for, others as the kernel does", () => {
  const held = {
    pids: 5,
    blkioReadBps: [
      { major: 1, minor: 3, rate: 10 },
      { major: 8, minor: 0, rate: 20 },
    ],
    blkioWeightDevices: [{ major: 1, minor: 3, rate: 300 }],
  };
  // Any node has numbers; this one is everywhere.
  const asked = { BlkioDeviceWriteIOps: [{ Path: "/dev/null", Rate: 1 }] };
  expect(withDevicePaths(held, asked, (major, minor) => `/dev/block/${major}:${minor}`)).toEqual({
    pids: 5,
    BlkioDeviceReadBps: [
      { Path: "/dev/null", Rate: 10 },
      { Path: "/dev/block/8:0", Rate: 20 },
    ],
    BlkioDeviceWriteBps: undefined,
    BlkioDeviceReadIOps: undefined,
    BlkioDeviceWriteIOps: undefined,
    BlkioWeightDevice: [{ Path: "/dev/null", Weight: 300 }],
  });
  const gone = { BlkioDeviceReadBps: [{ Path: "/dev/gone", Rate: 1 }] };
  expect(withDevicePaths({ blkioReadBps: [] }, gone).BlkioDeviceReadBps).toEqual([]);
});
