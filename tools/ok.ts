/** The one command before a commit: format, lint, types, import rules, unit tests. */
const root = `${import.meta.dir}/..`;
const bin = `${root}/node_modules/.bin`;

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  [
    "format and lint",
    [`${bin}/biome`, "check", "--error-on-warnings", "src", "tools", "shim", "test", "bench"],
  ],
  ["types", [`${bin}/tsc`, "-p", "."]],
  ["import rules", [`${bin}/bun`, "tools/check-imports.ts"]],
  ["unit tests", [`${bin}/bun`, "tools/test.ts", "unit"]],
];

for (const [name, argv] of CHECKS) {
  const started = performance.now();
  const child = Bun.spawnSync([...argv], { cwd: root, stdout: "pipe", stderr: "pipe" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (child.exitCode !== 0) {
    console.error(`${child.stdout}${child.stderr}`);
    console.error(`not ok: ${name} (${seconds} s)`);
    process.exit(1);
  }
  console.log(`ok: ${name} (${seconds} s)`);
}
