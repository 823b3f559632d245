import { expect, test } from "bun:test";
import { breachesOf, checkImports } from "./check-imports.ts";

test("the import table holds in src/", async () => {
  expect(await checkImports(`${import.meta.dir}/..`)).toEqual([]);
});

test("breachesOf() reports a folder that is not in the importer's row, type-only imports too", () => {
  const breaches = breachesOf("storage/x.ts", 'import type { Images } from "#images/types.ts";\n');
  expect(breaches.map((b) => b.rule)).toEqual(["storage may import base, spec, kernel, state"]);
});

test("breachesOf() reports a dynamic import and a private file", () => {
  expect(breachesOf("cli/x.ts", 'await import("#daemon/daemon.ts")')).toHaveLength(1);
  expect(breachesOf("cli/x.ts", 'import { a } from "#client/_a.ts";')).toHaveLength(1);
});

test("breachesOf() lets a test import what it likes", () => {
  expect(breachesOf("storage/x.test.ts", 'import { a } from "#images/a.ts";')).toEqual([]);
});
