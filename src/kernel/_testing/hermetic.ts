import { expect, test } from "bun:test";

/** Set for a test file that already runs in namespaces of its own. */
const INSIDE = "WHARF_TEST_HERMETIC";
/** Longer on machines that say they are slow, as an emulated one is. */
const DEADLINE_MS = 120_000 * Number(process.env.WHARF_TEST_PATIENCE ?? 1);

export interface HermeticOptions {
  /** Shell commands to run inside before the tests. */
  readonly prepare?: string;
  /** Runs outside afterwards, for what no namespace takes along. */
  readonly cleanup?: () => void;
}

/**
 * Runs a test file's kernel tests in mount and network namespaces of their own, with an empty tmpfs on /run and
 * loopback up: what they mount and configure vanishes with them. The file starts itself again under unshare(1) and
 * shows as one test outside; it is skipped without root.
 * @param file `import.meta.path` of the test file
 * @param define registers the tests, called only inside
 */
export function hermetic(file: string, define: () => void, options: HermeticOptions = {}): void {
  if (process.env[INSIDE] === file) {
    define();
    return;
  }
  const root = process.getuid?.() === 0;
  test.skipIf(!root)(
    "passes in namespaces of its own (needs root)",
    () => runInside(file, options),
    DEADLINE_MS,
  );
}

async function runInside(file: string, { prepare = "true", cleanup }: HermeticOptions): Promise<void> {
  const script = `set -e\nmount -t tmpfs -o mode=755 tmpfs /run\nip link set lo up\n${prepare}\nexec "$@"`;
  const child = Bun.spawn(
    [
      ...["unshare", "--mount", "--net", "--propagation", "private", "--fork", "--kill-child"],
      ...["sh", "-c", script, "sh", process.execPath, "test", `--timeout=${DEADLINE_MS}`, file],
    ],
    { env: { ...process.env, [INSIDE]: file }, stdout: "pipe", stderr: "pipe", timeout: DEADLINE_MS },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  cleanup?.();
  if (exitCode !== 0) throw new Error(`tests inside failed with exit code ${exitCode}\n${stderr}${stdout}`);
  expect(stderr).toContain(" pass");
}
