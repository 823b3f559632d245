import { setU16, u16 } from "./message.ts";

const MOST_ENTRIES = 256;

/**
 * Answers from our own names to one container's latest questions, by the question's very bytes: most containers ask the
 * same few names over and over. What has several addresses is not kept, as their order changes from answer to answer.
 */
export class HotAnswers {
  readonly #answers = new Map<string, Uint8Array>();
  #generation = 0;

  /** @param generation of the names: answers of an earlier one are forgotten */
  get(message: Uint8Array, generation: number): Uint8Array | undefined {
    if (generation !== this.#generation) return undefined;
    const known = this.#answers.get(keyOf(message));
    if (!known) return undefined;
    const answer = new Uint8Array(known);
    setU16(answer, 0, u16(message, 0));
    return answer;
  }

  put(message: Uint8Array, answer: Uint8Array, generation: number): void {
    if (generation !== this.#generation) this.#answers.clear();
    this.#generation = generation;
    if (u16(answer, 6) > 1 || this.#answers.size >= MOST_ENTRIES) return;
    this.#answers.set(keyOf(message), new Uint8Array(answer));
  }
}

/** All but the number that tells one question from another. */
function keyOf(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset + 2, Math.max(0, message.byteLength - 2)).toString(
    "latin1",
  );
}
