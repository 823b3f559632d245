/**
 * Runs every teardown step even when some fail, then reports all failures at once.
 * @throws AggregateError when more than one step failed, else the one failure
 */
export async function teardownAll(what: string, steps: Iterable<() => void | Promise<void>>): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${what}: ${failures.length} steps failed`);
}

/** Rejects after `timeoutMs`: teardown has its own deadline, never the caller's, who may have gone away. */
export async function withDeadline<T>(what: string, timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not done after ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
