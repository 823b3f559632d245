import { expect, test } from "bun:test";
import { Failures } from "./failures.ts";

test("Failures keeps what was printed before each failure, and the first ones only", () => {
  const failures = new Failures();
  for (const line of ["a.test.ts:", "(pass) fine [1ms]", "error: it broke", "(fail) first [2ms]", "(pass) x"])
    failures.add(line);
  for (let i = 0; i < 20; i++) failures.add(`(fail) later ${i}`);
  for (const line of ["21 tests failed:", "(fail) first [2ms]"]) failures.add(line);
  const text = failures.summary().join("\n");
  expect(text).toContain("── a.test.ts\nerror: it broke\n(fail) first [2ms]\n");
  expect(text).not.toContain("fine");
  expect(text).toContain("(fail) later 10");
  expect(text).not.toContain("later 11");
  expect(text).toEndWith("… and 9 more, above.");
});

test("Failures says nothing of a run without any", () => {
  const failures = new Failures();
  failures.add("(pass) all [1ms]");
  expect(failures.summary()).toEqual([]);
});
