/**
 * Environment of our helper processes: nothing of the daemon's, and a collector that thinks it has this much memory in
 * all. It would else let buffers that were used once wait by the megabyte, which costs memory for no time.
 */
export const HELPER_ENVIRONMENT: Readonly<Record<string, string>> = {
  BUN_JSC_forceRAMSize: String(64 << 20),
};
