import { expect, test } from "bun:test";
import { NotFound } from "#base/errors.ts";
import { shownMessage } from "./errors.ts";

test("shownMessage() puts the remedy behind one line, and below several", () => {
  const hint = "Make it";
  expect(shownMessage(new NotFound("gone", { hint }))).toBe("gone. Make it");
  expect(shownMessage(new NotFound("f:1:2: wrong\n  1 | x\n    | ^", { hint }))).toBe(
    "f:1:2: wrong\n  1 | x\n    | ^\nMake it",
  );
});

test("shownMessage() says a remedy once", () => {
  const hint = 'did you mean "ports"?';
  expect(shownMessage(new NotFound(`unknown key, ${hint}`, { hint }))).toBe(`unknown key, ${hint}`);
});
