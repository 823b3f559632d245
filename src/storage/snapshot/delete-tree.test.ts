import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deleteTree } from "./delete-tree.ts";

test.each([{ files: 3 }, { files: 300 }])(
  "deleteTree() deletes $files files and follows no link",
  async ({ files }) => {
    const home = mkdtempSync(join(tmpdir(), "wharf-delete-"));
    try {
      const [doomed, kept] = [join(home, "-doomed"), join(home, "kept")];
      mkdirSync(join(doomed, "a/b"), { recursive: true });
      mkdirSync(kept);
      writeFileSync(join(kept, "file"), "");
      symlinkSync(kept, join(doomed, "a/link"));
      for (let index = 0; index < files; index++) writeFileSync(join(doomed, "a/b", `${index}`), "");
      await deleteTree(doomed);
      await deleteTree(doomed);
      expect(existsSync(doomed)).toBe(false);
      expect(existsSync(join(kept, "file"))).toBe(true);
    } finally {
      rmSync(home, { recursive: true });
    }
  },
);
