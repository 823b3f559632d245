import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { parseSignal } from "./signals.ts";

describe("parseSignal()", () => {
  const known = {
    SIGTERM: 15,
    term: 15,
    KILL: 9,
    "9": 9,
    SIGUSR1: 10,
    RTMIN: 34,
    "SIGRTMIN+3": 37,
    "RTMAX-1": 63,
  };
  for (const [text, number] of Object.entries(known))
    test(`reads ${text}`, () => {
      expect(parseSignal(text)).toBe(number);
    });

  for (const text of ["", "0", "65", "SIGNOPE", "RTMIN-1", "RTMAX+1", "-9", "9x"])
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseSignal(text)).toThrow(new InvalidArgument(`invalid signal: ${text}`));
    });
});
