/** The life of the daemon's process: read the configuration, start, serve, reload, stop. */
import { writeSync } from "node:fs";
import { systemClock } from "#base/clock.ts";
import { EngineError, messageOf, PermissionDenied } from "#base/errors.ts";
import { readIfExists } from "#base/fs.ts";
import { createLog, type LogSink } from "#base/log.ts";
import { type ConfigSources, type LoadedConfig, loadConfig } from "./config.ts";
import { parseFlags, type Settings } from "./flags.ts";
import { daemonHelp } from "./help.ts";
import { serve } from "./serve.ts";
import { WHARF_VERSION } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_BAD_FLAGS = 125;

/** `wharf daemon ARGUMENTS`. @returns the exit code, when the daemon has ended */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  const sources: ConfigSources = { readFile: readIfExists, env: { ...process.env } };
  let flags: Settings;
  try {
    flags = parseFlags(argv);
  } catch (error) {
    print(`${describe(error)}\nSee 'wharf daemon --help'.\n`, 2);
    return EXIT_BAD_FLAGS;
  }
  if (flags.help) return print(daemonHelp());
  if (flags.version) return print(`wharf version ${WHARF_VERSION}\n`);
  try {
    const loaded = loadConfig(flags, sources);
    if (flags.validate) return print("configuration OK\n");
    if (process.getuid?.() !== 0)
      throw new PermissionDenied("the daemon needs to be root", { hint: "sudo wharf daemon" });
    await runAsService(loaded, () => loadConfig(flags, sources));
    return 0;
  } catch (error) {
    print(`wharf daemon: ${describe(error)}\n`, 2);
    return EXIT_FAILED;
  }
}

async function runAsService(loaded: LoadedConfig, reload: () => LoadedConfig): Promise<void> {
  const { config } = loaded;
  const sink: LogSink = { ...config.log, now: () => systemClock.now(), write: writeLog };
  const log = createLog(sink);
  process.chdir("/");
  process.umask(0o022);
  const crash = (error: unknown) => {
    log.error("internal error", { error: error instanceof Error ? error.stack : error });
    process.exit(EXIT_FAILED);
  };
  process.on("uncaughtException", crash).on("unhandledRejection", crash);
  await serve({
    loaded,
    reload,
    log,
    setLogLevel: (level) => {
      sink.level = level;
    },
    createEngine: async (...args) => (await import("./engine.ts")).createEngine(...args),
    process,
    now: () => systemClock.now(),
  });
}

/** A log nobody reads must not stop the engine: what does not fit into its pipe is lost. */
function writeLog(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // no reader, or a full pipe
  }
}

function print(text: string, fd = 1): 0 {
  writeSync(fd, text);
  return 0;
}

function describe(error: unknown): string {
  const hint = error instanceof EngineError ? error.hint : undefined;
  return hint ? `${messageOf(error)}: ${hint}` : messageOf(error);
}
