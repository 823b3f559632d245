/** More processors than any machine has: a range beyond is a slip. */
const MAX_NUMBER = 8191;

/** "0-2,7" to [0, 1, 2, 7]; "" to none; undefined when it is no list. */
export function parseCpuSet(text: string): number[] | undefined {
  if (text === "") return [];
  const numbers: number[] = [];
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? first);
    if (!match || last < first || last > MAX_NUMBER) return undefined;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}
