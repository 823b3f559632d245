/** What two engines are asked, and what they answer, made comparable. */
export type Json = Readonly<Record<string, unknown>>;

/** One answer; JSON where it is JSON, ids, times and addresses replaced by their kind. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** By the name of the question. */
export type Answers = Readonly<Record<string, unknown>>;

export interface Difference {
  readonly question: string;
  /** Keys and positions from the answer's root, joined by dots. */
  readonly path: string;
  /** As JSON; undefined when that side has nothing there. */
  readonly docker: string | undefined;
  readonly wharf: string | undefined;
}
