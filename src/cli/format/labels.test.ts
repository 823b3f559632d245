import { expect, test } from "bun:test";
import { compareNaturally, labelMethod, labelText } from "./labels.ts";

test("labelText() sorts by name", () => {
  expect(labelText({ z: "1", a: "" })).toBe("a=,z=1");
  expect(labelText(null)).toBe("");
});

test("labelMethod() titles a column with the last part of the name", () => {
  const method = labelMethod((row: { labels: Record<string, string> }) => row.labels);
  expect(method.title("com.example.my-label_x")).toBe("my label x");
  expect([method.value({ labels: { a: "b" } }, "a"), method.value({ labels: {} }, "a")]).toEqual(["b", ""]);
});

test("compareNaturally() counts numbers as numbers", () => {
  expect(["v10", "v9", "a", "v9b"].sort(compareNaturally)).toEqual(["a", "v9", "v9b", "v10"]);
});
