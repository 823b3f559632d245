/** Fuzzes by hand: `bun test/fuzz/run.ts TARGET SECONDS [SEED]`. Ends with the first finding; keep its text in corpus.ts. */
import { CORPUS } from "./corpus.ts";
import { mutate, randomOf } from "./mutate.ts";
import { examine, FUZZ_TARGETS, type FuzzTarget } from "./targets.ts";

const [name, seconds, seed] = process.argv.slice(2) as [keyof typeof FUZZ_TARGETS, string, string?];
const target: FuzzTarget = FUZZ_TARGETS[name];
const random = randomOf(Number(seed ?? Date.now()));
const end = performance.now() + Number(seconds) * 1000;
const pool = [...target.seeds, ...(CORPUS[name] ?? [])];
let count = 0;
for (; performance.now() < end; count++) {
  const text = mutate(pool[Math.floor(random() * pool.length)]!, pool, random);
  examine(name, target, text);
  // what was changed once is changed again: a walk away from the seeds
  if (random() < 0.02 && pool.length < 400) pool.push(text);
}
console.log(`${name}: ${count} texts, no finding`);
