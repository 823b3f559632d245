/** How YAML's mapping keys are ordered: letters by code, numbers inside names by value. Pure. */

export function naturalOrder(a: string, b: string): number {
  if (a === b) return 0;
  return isLess([...a], [...b]) ? -1 : 1;
}

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

function isLess(a: readonly string[], b: readonly string[]): boolean {
  const shared = Math.min(a.length, b.length);
  let afterDigit = false;
  for (let at = 0; at < shared; at++) {
    if (a[at] === b[at]) {
      afterDigit = DIGIT.test(a[at]!);
      continue;
    }
    const [isLetterA, isLetterB] = [LETTER.test(a[at]!), LETTER.test(b[at]!)];
    if (isLetterA && isLetterB) return a[at]!.codePointAt(0)! < b[at]!.codePointAt(0)!;
    if (isLetterA || isLetterB) return afterDigit ? isLetterA : isLetterB;
    return isNumberLess(a, b, at);
  }
  return a.length < b.length;
}

/** The digits from `at` on; a zero inside a number does not begin a new one. */
function isNumberLess(a: readonly string[], b: readonly string[], at: number): boolean {
  const start = (a[at] === "0" || b[at] === "0") && isInsideNumber(a, at) ? 1n : 0n;
  const [numberA, endA] = numberAt(a, at, start);
  const [numberB, endB] = numberAt(b, at, start);
  if (numberA !== numberB) return numberA < numberB;
  if (endA !== endB) return endA < endB;
  return a[at]!.codePointAt(0)! < b[at]!.codePointAt(0)!;
}

function isInsideNumber(text: readonly string[], at: number): boolean {
  for (let before = at - 1; before >= 0 && DIGIT.test(text[before]!); before--)
    if (text[before] !== "0") return true;
  return false;
}

function numberAt(text: readonly string[], from: number, start: bigint): [bigint, number] {
  let number = start;
  let at = from;
  for (; at < text.length && DIGIT.test(text[at]!); at++)
    number = number * 10n + BigInt(text[at]!.charCodeAt(0) - 48);
  return [number, at];
}
