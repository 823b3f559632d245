import { expect, test } from "bun:test";

/** Set for a test file that already runs in namespaces of its own. */
const INSIDE = "WHARF_RUNTIME_TEST_INSIDE";
/** Longer on machines that say they are slow, as an emulated one is. */
const DEADLINE_MS = 120_000 * Number(process.env.WHARF_TEST_PATIENCE ?? 1);

/**
 * Runs a test file's containers in namespaces of their own, with an empty tmpfs on /run: processes and mounts end with
 * them. The file starts itself again under unshare(1) and shows as one test outside; it is skipped without root.
 * @param file `import.meta.path` of the test file
 * @param define registers the tests, called only inside
 */
export function hermetic(file: string, define: () => void): void {
  if (process.env[INSIDE] === file) {
    define();
    return;
  }
  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)("passes in namespaces of its own (needs root)", () => runInside(file), DEADLINE_MS);
}

const UNSHARE = ["unshare", "-mnpiu", "--propagation", "private", "--fork", "--kill-child", "--mount-proc"];

async function runInside(file: string): Promise<void> {
  const prepare = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && exec "$@"';
  const child = Bun.spawn(
    [...UNSHARE, "sh", "-c", prepare, "sh", process.execPath, "test", `--timeout=${DEADLINE_MS}`, file],
    {
      env: { ...process.env, [INSIDE]: file },
      stdout: "pipe",
      stderr: "pipe",
      timeout: DEADLINE_MS,
    },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`tests inside failed with exit code ${exitCode}\n${stderr}${stdout}`);
  expect(stderr).toContain(" pass");
}
