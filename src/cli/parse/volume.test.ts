import { expect, test } from "bun:test";
import { joinPath, parseVolumes } from "./volume.ts";

test("parseVolumes() tells binds from volumes without a name, and completes relative sources", () => {
  expect(parseVolumes(["/a:/b", "/c", "vol:/d:ro", "./y:/z", ".:/x"], "/here")).toEqual({
    binds: ["/a:/b", "vol:/d:ro", "/here/y:/z", "/here:/x"],
    anonymous: { "/c": {} },
  });
});

for (const [spec, message] of [
  ["", "empty volume spec"],
  ["/a:/b:/c:/d", "too many colons"],
  [":/x", "empty section between colons"],
])
  test(`parseVolumes() refuses '${spec}'`, () => expect(() => parseVolumes([spec!], "/")).toThrow(message!));

test("joinPath() removes . and ..", () => {
  expect([joinPath("/a/b", "../c/./d"), joinPath("/a", "/x/../y"), joinPath("/", "../..")]).toEqual([
    "/a/c/d",
    "/y",
    "/",
  ]);
});
