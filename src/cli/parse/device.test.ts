import { expect, test } from "bun:test";
import { isCdiDevice, parseDevice, parseGpus } from "./device.ts";

test("parseDevice() reads path, target and permissions in any combination", () => {
  expect(parseDevice("/dev/f:rw")).toEqual({
    PathOnHost: "/dev/f",
    PathInContainer: "/dev/f",
    CgroupPermissions: "rw",
  });
  expect(parseDevice("/dev/d:/dev/e:r")).toEqual({
    PathOnHost: "/dev/d",
    PathInContainer: "/dev/e",
    CgroupPermissions: "r",
  });
  expect(() => parseDevice("foo")).toThrow("foo is not an absolute path");
  expect(() => parseDevice("/dev/x:/y:q")).toThrow("bad mode specified: q");
  expect(isCdiDevice("vendor.com/class=name")).toBe(true);
});

test("parseGpus() reads counts and fields", () => {
  expect(parseGpus("all")).toEqual({ Count: -1, Capabilities: [["gpu"]] });
  expect(parseGpus('"device=0,1",capabilities=utility')).toEqual({
    DeviceIDs: ["0", "1"],
    Capabilities: [["utility", "gpu"]],
  });
  expect(() => parseGpus("x")).toThrow('invalid count (x): value must be either "all" or an integer');
});
