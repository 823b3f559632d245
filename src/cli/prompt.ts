import type { Session } from "./session.ts";

export interface QuestionOptions {
  /** What is typed is not shown. */
  readonly hidden?: boolean;
}

/** Asks questions on the terminal, one line of answer each. One for a whole conversation: it keeps what came too early. */
export class Prompter {
  readonly #session: Session;
  readonly #input: AsyncIterator<Uint8Array>;
  #typed = "";

  constructor(session: Session) {
    this.#session = session;
    this.#input = session.host.stdin.stream()[Symbol.asyncIterator]();
  }

  /** @returns the line without its end; what there is when input ends */
  async ask(question: string, { hidden = false }: QuestionOptions = {}): Promise<string> {
    using _hidden = hidden ? this.#session.host.stdin.hideTyping() : undefined;
    await this.#session.print(question);
    const line = await this.#readLine();
    if (hidden) await this.#session.print("\n"); // the one that was typed did not show
    return line.replace(/\r$/, "");
  }

  async #readLine(): Promise<string> {
    for (;;) {
      const end = this.#typed.indexOf("\n");
      if (end >= 0) {
        const line = this.#typed.slice(0, end);
        this.#typed = this.#typed.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#input.next();
      if (done) return this.#typed;
      this.#typed += new TextDecoder().decode(value);
    }
  }
}
