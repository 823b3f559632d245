/**
 * Runs all pieces of work at once; the first failure stops the others. Nothing runs any more when this returns.
 * @throws the first failure
 */
export async function allOrNone(
  work: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const failing = new AbortController();
  const shared = AbortSignal.any([signal, failing.signal]);
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(
    work.map((piece) =>
      piece(shared).catch((error: unknown) => {
        failure ??= { error };
        failing.abort(error);
      }),
    ),
  );
  if (failure) throw failure.error;
}
