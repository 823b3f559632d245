/** Where two engines' answers differ. Pure. */
import type { Answers, Difference } from "./types.ts";

export function compareAnswers(docker: Answers, wharf: Answers): Difference[] {
  const questions = [...new Set([...Object.keys(docker), ...Object.keys(wharf)])];
  return questions.flatMap((question) =>
    compareValues(docker[question], wharf[question]).map((difference) => ({ question, ...difference })),
  );
}

/** One entry for each place where the values part. */
export function compareValues(docker: unknown, wharf: unknown, path = ""): Omit<Difference, "question">[] {
  if (isTree(docker) && isTree(wharf) && Array.isArray(docker) === Array.isArray(wharf)) {
    const keys = [...new Set([...Object.keys(docker), ...Object.keys(wharf)])];
    return keys.flatMap((key) =>
      compareValues(docker[key], wharf[key], path === "" ? key : `${path}.${key}`),
    );
  }
  const [left, right] = [JSON.stringify(docker), JSON.stringify(wharf)];
  return left === right ? [] : [{ path, docker: left, wharf: right }];
}

/** What of `value` is not as in `base`; undefined when nothing is. Arrays count as a whole, what is gone is `null`. */
export function changesFrom(base: unknown, value: unknown): unknown {
  if (!isTree(base) || !isTree(value) || Array.isArray(base) || Array.isArray(value))
    return JSON.stringify(base) === JSON.stringify(value) ? undefined : (value ?? null);
  const entries = [...new Set([...Object.keys(base), ...Object.keys(value)])]
    .map((key) => [key, changesFrom(base[key], value[key])] as const)
    .filter(([, change]) => change !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
