/** Signals this process gets while it stands for a container. */

/** All that a process can catch and that are meant for it; not those about its children, pipes and sockets. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGCONT",
  "SIGTSTP",
] as const;

/** Sends every signal on, until disposed. @param send failures do not matter: the process may have ended just now */
export function forwardSignals(send: (signal: string) => Promise<void>): Disposable {
  const listeners = FORWARDED.map((signal) => ({
    signal,
    listener: () => void send(signal.slice(3)).catch(() => {}),
  }));
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}

/** Calls back whenever the terminal's size changes, until disposed. */
export function onTerminalResize(callback: () => void): Disposable {
  process.on("SIGWINCH", callback);
  return { [Symbol.dispose]: () => void process.off("SIGWINCH", callback) };
}

/** Calls back at every SIGINT and SIGTERM instead of ending, until disposed. */
export function onInterrupt(callback: () => void): Disposable {
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, callback);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, callback);
    },
  };
}
