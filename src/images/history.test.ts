import { expect, test } from "bun:test";
import { chainId } from "#storage/layer/chain-id.ts";
import { imageHistory } from "./history.ts";
import type { ImageView } from "./types.ts";

const diffIds = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`);
const view = (history: object[] | undefined, repoTags: string[] = []): ImageView =>
  ({
    id: "sha256:id",
    repoTags,
    config: { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: diffIds }, history },
  }) as unknown as ImageView;
const sizes = new Map([
  [chainId(diffIds.slice(0, 1))!, 10],
  [chainId(diffIds)!, 20],
]);
const sizeOf = (chain: string) => sizes.get(chain) ?? 0;

test("imageHistory() is newest first; steps without a layer have no size", () => {
  const history = [
    { created: "2026-01-01T00:00:01.5Z", created_by: "ADD rootfs" },
    { created_by: "CMD sh", empty_layer: true, comment: "note" },
    { created_by: "RUN x" },
  ];
  const items = imageHistory(view(history, ["a:1"]), sizeOf);
  expect(items.map(({ Id, CreatedBy, Size, Tags }) => [Id, CreatedBy, Size, Tags])).toEqual([
    ["sha256:id", "RUN x", 20, ["a:1"]],
    ["<missing>", "CMD sh", 0, null],
    ["<missing>", "ADD rootfs", 10, null],
  ]);
  expect(items[2]!.Created).toBe(1_767_225_601);
  expect(items[1]!.Comment).toBe("note");
});

test("imageHistory() shows layers nobody wrote history for, and survives more history than layers", () => {
  expect(imageHistory(view(undefined), sizeOf).map(({ Size }) => Size)).toEqual([20, 10]);
  expect(imageHistory(view([{}, {}, {}]), sizeOf).map(({ Size }) => Size)).toEqual([0, 20, 10]);
});

test("imageHistory() knows the images it was made of here", () => {
  const parent = { ...view(undefined, ["base:1"]), id: "sha256:parent" };
  const items = imageHistory(view([{}, {}, {}]), sizeOf, [parent]);
  expect(items.map(({ Id, Tags }) => [Id, Tags])).toEqual([
    ["sha256:id", null],
    ["sha256:parent", ["base:1"]],
    ["<missing>", null],
  ]);
});
