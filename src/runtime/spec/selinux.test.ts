import { expect, test } from "bun:test";
import { labelsOf, parseLabelOptions } from "./selinux.ts";

const ID = "0123456789abcdef";

test("labelsOf() gives each container a pair of categories that stays its own", () => {
  const { process, mount } = labelsOf(parseLabelOptions([]), ID);
  expect(process).toMatch(/^system_u:system_r:container_t:s0:c\d+,c\d+$/);
  expect(mount).toBe(process.replace("system_r:container_t", "object_r:container_file_t"));
  expect(labelsOf(parseLabelOptions([]), ID).process).toBe(process);
  expect(labelsOf(parseLabelOptions([]), `f${ID}`).process).not.toBe(process);
});

test("labelsOf() takes every part from the options", () => {
  const options = ["user:u", "role:r", "type:t", "level:s0:c1,c2", "filetype:f"];
  expect(labelsOf(parseLabelOptions(options), ID)).toEqual({
    process: "u:r:t:s0:c1,c2",
    mount: "u:object_r:f:s0:c1,c2",
  });
});

test("parseLabelOptions() refuses what is none", () => {
  expect(parseLabelOptions(["disable"]).disabled).toBe(true);
  for (const bad of ["foo", "type:", "kind:x"])
    expect(() => parseLabelOptions([bad])).toThrow(`bad label option "${bad}"`);
});
