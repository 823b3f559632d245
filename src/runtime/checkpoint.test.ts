import { describe, expect, test } from "bun:test";
import { checkCriu, type RunProgram } from "./checkpoint.ts";

type Answers = Record<string, [exitCode: number, stdout: string]>;

describe("checkCriu()", () => {
  const answers = (table: Answers): RunProgram => {
    return async (argv) => {
      const [exitCode, stdout] = table[argv.join(" ")] ?? [0, ""];
      return { exitCode, stdout, stderr: "" };
    };
  };
  const runc = { kind: "runc", name: "runc", path: "/usr/bin/runc" } as const;
  const crun = { kind: "crun", name: "crun", path: "/usr/bin/crun" } as const;
  const there = () => "/usr/sbin/criu";

  test("is content where criu works", async () => {
    await checkCriu(runc, { which: there, run: answers({}) });
    const run = answers({ "/usr/bin/crun --version": [0, "crun 1.14\n+SYSTEMD +CRIU +YAJL"] });
    await checkCriu(crun, { which: there, run });
  });

  test.each<[string, Parameters<typeof checkCriu>[0], () => string | null, Answers, string]>([
    ["a crun without it", crun, there, {}, "the OCI runtime crun of this host was built without CRIU"],
    ["no criu", runc, () => null, {}, "which is not on this host"],
    [
      "a kernel it does not know",
      runc,
      there,
      { "criu check": [1, "Error (criu/vdso.c:613): vdso: bounds"] },
      '"criu check" says: Error (criu/vdso.c:613): vdso: bounds',
    ],
  ])("says what is wrong: %s", async (_name, runtime, which, table, words) => {
    const run = answers(table);
    await expect(checkCriu(runtime, { which, run })).rejects.toThrow(words);
  });
});
