import { expect, test } from "bun:test";
import { cgroupsPathOf, checkSlice, groupOf, scopeGroup, scopeUnit } from "./systemd-groups.ts";

const ID = "a".repeat(64);

test("a slice's dashes say where it is", () => {
  expect(scopeGroup("system.slice", ID)).toBe(`/system.slice/wharf-${ID}.scope`);
  expect(scopeGroup("web-shop-db.slice", ID)).toBe(
    `/web.slice/web-shop.slice/web-shop-db.slice/wharf-${ID}.scope`,
  );
  expect(scopeGroup("-.slice", ID)).toBe(`/wharf-${ID}.scope`);
});

test.each(["system.slice", "web-shop-db.slice", "-.slice"])("%s, to a runtime's words and back", (slice) => {
  const group = scopeGroup(slice, ID);
  expect(cgroupsPathOf(group)).toBe(`${slice}:wharf:${ID}`);
  expect(groupOf(cgroupsPathOf(group))).toBe(group);
  expect(scopeUnit(group)).toBe(`wharf-${ID}.scope`);
});

test("other groups are what they are", () => {
  expect(cgroupsPathOf(`/wharf/${ID}`)).toBe(`/wharf/${ID}`);
  expect(groupOf(`/wharf/${ID}`)).toBe(`/wharf/${ID}`);
  expect(scopeUnit(`/wharf/${ID}`)).toBeUndefined();
});

test.each([
  "",
  ".slice",
  "/a.slice",
  "a/b.slice",
  "-a.slice",
  "a--b.slice",
  "a-.slice",
  "a",
  "..slice/x",
  "a b.slice",
])("%j is no slice", (name) => {
  expect(() => checkSlice(name)).toThrow('should be a valid slice named as "xxx.slice"');
});
