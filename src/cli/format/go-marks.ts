/** What values carry so that they are shown as Go shows them. */

/** Marks an object that is shown like a Go struct; holds the names of its fields in order. */
export const FIELD_ORDER = Symbol("field order");

/** Marks what is null in JSON and shown as "<nil>". */
export const NIL = Symbol("nil");
