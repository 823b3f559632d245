// biome-ignore format: one screen instead of a hundred lines
const ADJECTIVES = [
  "able", "airy", "amber", "ample", "apt", "brave", "breezy", "brisk", "calm", "candid", "clear", "coral",
  "crisp", "dapper", "deft", "eager", "early", "easy", "fair", "fleet", "fond", "fresh", "gentle", "glad",
  "golden", "hale", "handy", "hardy", "ivory", "jolly", "keen", "kind", "lively", "lucid", "mellow", "merry",
  "mild", "neat", "nimble", "noble", "plucky", "polite", "prime", "proud", "quick", "quiet", "ready", "rosy",
  "salty", "sandy", "serene", "sleek", "sober", "solid", "spry", "steady", "stout", "sunny", "swift", "tidal",
  "tidy", "trim", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "zesty",
] as const;

// biome-ignore format: one screen instead of a hundred lines
const NOUNS = [
  "albatross", "anchor", "auk", "barge", "beacon", "bollard", "bosun", "bowline", "breaker", "buoy", "capstan",
  "cargo", "clipper", "cormorant", "cove", "crane", "cutter", "deck", "dhow", "dinghy", "dock", "dolphin",
  "ferry", "fjord", "frigate", "gannet", "gull", "halyard", "harbor", "hatch", "hawser", "heron", "hull", "isle",
  "jetty", "kayak", "keel", "ketch", "lagoon", "lantern", "lighter", "mast", "mooring", "narwhal", "osprey",
  "otter", "paddle", "pelican", "petrel", "pier", "pilot", "plover", "porpoise", "puffin", "quay", "rudder",
  "sail", "schooner", "seal", "sextant", "shoal", "skiff", "sloop", "tern", "tide", "tiller", "trawler", "tug",
  "walrus", "windlass", "yawl",
] as const;

/** Tries before digits are added; with thousands of pairs a free one is found at once. */
const PLAIN_TRIES = 8;

/**
 * A name nobody has: "brisk_puffin", or "brisk_puffin7" where plain pairs become rare.
 * @param random from 0 up to, not including, 1
 */
export function pickName(random: () => number, isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const pair = `${pickOne(ADJECTIVES, random)}_${pickOne(NOUNS, random)}`;
    const name =
      attempt < PLAIN_TRIES ? pair : `${pair}${Math.floor(random() * 10 ** (attempt - PLAIN_TRIES + 1))}`;
    if (!isTaken(name)) return name;
  }
}

function pickOne<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

/** What Docker allows: two characters or more. */
export function isValidName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}
