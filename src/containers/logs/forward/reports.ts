/** What the process that ships logs tells the daemon, one line of JSON each. */
export type ShipReport = { readonly directory: string } & (
  | { readonly kind: "failing"; readonly reason: string }
  | { readonly kind: "recovered" }
  /** The endpoint was too slow for `mode=non-blocking`. */
  | { readonly kind: "dropped"; readonly lines: number }
  /** The spool was full: the oldest is gone. */
  | { readonly kind: "lost"; readonly bytes: number }
  /** The order of this number is carried out: nothing more will come until the container is started again. */
  | { readonly kind: "done"; readonly number: number }
);

/** What the daemon tells it, likewise. */
export interface ShipOrder {
  readonly directory: string;
  /** Grows from order to order. */
  readonly number: number;
  /** The container runs: more will come. */
  readonly isRunning: boolean;
}

/** A removed container's lines that no endpoint took in time. */
export class RemovedWhileFollowed extends Error {
  override readonly name = "RemovedWhileFollowed";
}
