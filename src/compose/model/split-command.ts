/** A command line as words, as Compose splits `command: …`: quotes and backslashes of a shell, nothing expanded. Pure. */

type Mode = "bare" | "'" | '"' | "`" | "$(";

/**
 * Stops where a shell would begin another command (`;`, `|`, `&`, `<`, `>`).
 * @throws Error for a quote or parenthesis without its end
 */
export function splitCommand(line: string): string[] {
  const splitter = new Splitter();
  for (const char of line) if (!splitter.take(char)) break;
  return splitter.end();
}

class Splitter {
  readonly #words: string[] = [];
  #word = "";
  /** A word is there, even an empty one between quotes. */
  #isWord = false;
  #mode: Mode = "bare";
  #isEscaped = false;

  /** @returns whether to go on */
  take(char: string): boolean {
    if (this.#isEscaped) this.#escaped(char);
    else if (char === "\\" && this.#mode !== "'") this.#isEscaped = true;
    else if (this.#mode !== "bare") this.#within(char);
    else if (/[ \t\r\n]/.test(char)) this.#flush();
    else if (";&|<>".includes(char)) {
      if (char === ">" && /^\d+$/.test(this.#word)) this.#drop(); // the number of a redirected descriptor
      return false;
    } else this.#bare(char);
    return true;
  }

  end(): string[] {
    if (this.#isEscaped || this.#mode !== "bare") throw new Error("invalid command line string");
    this.#flush();
    return this.#words;
  }

  #escaped(char: string): void {
    this.#isEscaped = false;
    if (this.#mode === "`" || this.#mode === "$(") this.#add(`\\${char}`);
    else this.#add(char === "t" ? "\t" : char === "n" ? "\n" : char);
  }

  #bare(char: string): void {
    if (char === "'" || char === '"') {
      this.#mode = char;
      return;
    }
    if (char === "`") this.#mode = char;
    else if (char === "(" && this.#word.endsWith("$")) this.#mode = "$(";
    else if (char === "(" || char === ")") throw new Error("invalid command line string");
    this.#add(char);
  }

  #within(char: string): void {
    if ((this.#mode === "'" || this.#mode === '"') && char === this.#mode) {
      this.#mode = "bare";
      this.#isWord = true;
      return;
    }
    if ((this.#mode === "`" && char === "`") || (this.#mode === "$(" && char === ")")) this.#mode = "bare";
    this.#add(char);
  }

  #add(text: string): void {
    this.#word += text;
    this.#isWord = true;
  }

  #flush(): void {
    if (this.#isWord) this.#words.push(this.#word);
    this.#drop();
  }

  #drop(): void {
    this.#word = "";
    this.#isWord = false;
  }
}
