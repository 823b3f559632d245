/** Labels in listings. */
import type { Method } from "./rows.ts";

type Labels = Readonly<Record<string, string>> | null | undefined;

/** "a=b,c=d", sorted. */
export function labelText(labels: Labels): string {
  return Object.keys(labels ?? {})
    .sort()
    .map((name) => `${name}=${labels![name]}`)
    .join(",");
}

/** `.Label "x"`: the value of one label, under a title made of the last part of its name. */
export function labelMethod<R>(labelsOf: (row: R) => Labels): Method<R> {
  return {
    title: (name) => String(name).split(".").at(-1)!.replace(/[-_]/g, " "),
    value: (row, name) => labelsOf(row)?.[String(name)] ?? "",
  };
}

/** Names as people sort them: "v9" before "v10". */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [chunks(a), chunks(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const bothNumbers = /^\d/.test(x) && /^\d/.test(y);
    return (bothNumbers && Number(x) - Number(y)) || (x < y ? -1 : 1);
  }
  return left.length - right.length;
}

function chunks(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}
