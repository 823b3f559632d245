import { InvalidArgument } from "./errors.ts";

/**
 * Whether the whole `text` fits a pattern of Go's `path.Match`, which Docker's filters use: `*` and `?` stop at "/",
 * `[a-z]` and `[^a-z]` are classes, `\` takes the next character as it is. Takes time in proportion to the product of
 * both lengths at worst, whatever the pattern.
 * @throws InvalidArgument "syntax error in pattern"
 */
export function matchesPath(pattern: string, text: string): boolean {
  const pieces = parsePattern(pattern);
  let reached = withEmptyStars(pieces, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const index of reached) {
      const piece = pieces[index];
      if (piece?.takes(character)) next.add(piece.repeats ? index : index + 1);
    }
    reached = withEmptyStars(pieces, next);
  }
  return reached.has(pieces.length);
}

/** A star may also stand for nothing: whoever is before it is behind it as well. */
function withEmptyStars(pieces: readonly Piece[], reached: Set<number>): Set<number> {
  for (const index of reached) if (pieces[index]?.repeats) reached.add(index + 1);
  return reached;
}

interface Piece {
  readonly repeats: boolean;
  readonly takes: (character: string) => boolean;
}

const notSlash = (character: string) => character !== "/";

function parsePattern(pattern: string): Piece[] {
  const characters = [...pattern].values();
  const pieces: Piece[] = [];
  for (const character of characters) {
    if (character === "*") pieces.push({ repeats: true, takes: notSlash });
    else if (character === "?") pieces.push({ repeats: false, takes: notSlash });
    else if (character === "[") pieces.push(parseClass(characters));
    else pieces.push(literal(character === "\\" ? nextOf(characters) : character));
  }
  return pieces;
}

function literal(wanted: string): Piece {
  return { repeats: false, takes: (character) => character === wanted };
}

/** What follows "[", up to and with "]". */
function parseClass(characters: Iterator<string>): Piece {
  const ranges: (readonly [low: string, high: string])[] = [];
  let character = nextOf(characters);
  const isNegated = character === "^";
  if (isNegated) character = nextOf(characters);
  while (character !== "]" || ranges.length === 0) {
    const low = classCharacter(character, characters);
    let high = low;
    character = nextOf(characters);
    if (character === "-") {
      high = classCharacter(nextOf(characters), characters);
      character = nextOf(characters);
    }
    ranges.push([low, high]);
  }
  const isInside = (text: string) => ranges.some(([low, high]) => low <= text && text <= high);
  return { repeats: false, takes: (text) => isInside(text) !== isNegated };
}

function classCharacter(character: string, rest: Iterator<string>): string {
  if (character === "-" || character === "]") throw badPattern();
  return character === "\\" ? nextOf(rest) : character;
}

function nextOf(characters: Iterator<string>): string {
  const next = characters.next();
  if (next.done) throw badPattern();
  return next.value;
}

function badPattern(): InvalidArgument {
  return new InvalidArgument("syntax error in pattern");
}
