import { expect, test } from "bun:test";
import { sha256 } from "#base/digest.ts";
import { chainId, chainOnto } from "./chain-id.ts";

const [A, B, C] = ["a", "b", "c"].map(sha256) as [string, string, string];

test("chainId() of one layer is its diffID, and each further layer hashes what is below", () => {
  expect(chainId([])).toBeUndefined();
  expect(chainId([A])).toBe(A);
  expect(chainId([A, B])).toBe(sha256(`${A} ${B}`));
  expect(chainId([A, B, C])).toBe(sha256(`${sha256(`${A} ${B}`)} ${C}`));
  expect(chainOnto(chainId([A, B]), C)).toBe(chainId([A, B, C])!);
});
