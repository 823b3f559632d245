/**
 * Log plugins: the plugin is told of a named pipe and reads entries from it until the pipe ends.
 * @see https://docs.docker.com/engine/extend/plugins_logging/
 */
import { closeSync, constants, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Internal } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { newId } from "#base/ids.ts";
import { callPlugin } from "#plugins/call-plugin.ts";
import type { LogPluginPlace } from "#plugins/types.ts";
import type { LogOptions } from "../option-values.ts";
import type { LogSubject } from "../subject.ts";
import { encodeEntry } from "./plugin-entry.ts";
import type { LogLine, RemoteDriver, Shipper, ShipperHost } from "./types.ts";

const CALL_MS = 30_000;
/** As long as a plugin may take to open what it was told of. */
const OPEN_MS = 10_000;
const LOOK_AGAIN_MS = 10;

/** @param name as in `--log-driver` */
export function pluginDriver(
  name: string,
  place: LogPluginPlace,
): Pick<RemoteDriver, "createShipper" | "delivery"> {
  return {
    createShipper: (options, subject, host) => new PluginShipper(name, place, { options, subject, host }),
  };
}

interface Source {
  readonly options: LogOptions;
  readonly subject: LogSubject;
  readonly host: ShipperHost;
}

class PluginShipper implements Shipper {
  readonly #name: string;
  readonly #place: LogPluginPlace;
  readonly #source: Source;
  #pipe: { readonly fd: number; readonly fileName: string } | undefined;

  constructor(name: string, place: LogPluginPlace, source: Source) {
    this.#name = name;
    this.#place = place;
    this.#source = source;
  }

  /** The plugin has what it has not read yet in its pipe: when it dies that is lost. */
  async send(lines: readonly LogLine[]): Promise<void> {
    this.#pipe ??= await this.#start();
    for (const line of lines) await writeAll(this.#pipe.fd, encodeEntry(line));
  }

  close(): void {
    const pipe = this.#pipe;
    if (!pipe) return;
    this.#pipe = undefined;
    closeSync(pipe.fd);
    rmSync(join(this.#place.directory, pipe.fileName), { force: true });
    const stopping = this.#call("StopLogging", { File: this.#fileFor(pipe.fileName) });
    stopping.catch(() => {}); // the end of its pipe says as much
  }

  async #start() {
    const { options, subject, host } = this.#source;
    const fileName = newId();
    const path = join(this.#place.directory, fileName);
    mkdirSync(this.#place.directory, { recursive: true, mode: 0o700 });
    host.makeFifo(path);
    try {
      const Info = infoOf(options, subject);
      await this.#call("StartLogging", { File: this.#fileFor(fileName), Info });
      return { fd: await openWhenRead(path), fileName };
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  #fileFor(fileName: string): string {
    return join(this.#place.inside, fileName);
  }

  async #call(method: string, body: object): Promise<void> {
    const address = { name: this.#name, url: "http://plugin", socket: this.#place.socket };
    await callPlugin(address, `LogDriver.${method}`, body, { timeoutMs: CALL_MS });
  }
}

/** Opens a pipe for writing without waiting in the kernel. @throws Internal when nobody reads from it */
async function openWhenRead(path: string): Promise<number> {
  const giveUp = performance.now() + OPEN_MS;
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      if (!isErrno(error, "ENXIO")) throw error;
      if (performance.now() > giveUp)
        throw new Internal("the log plugin does not open the pipe it was told of");
    }
    await Bun.sleep(LOOK_AGAIN_MS);
  }
}

/** However slow the plugin is: who waits here is the log shipper, and no container. @throws EPIPE when it reads no more */
async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!isErrno(error, "EAGAIN")) throw error;
      await Bun.sleep(LOOK_AGAIN_MS);
    }
  }
}

/** As Docker tells plugins of a container. */
function infoOf(options: LogOptions, { id, name, config, ...rest }: LogSubject): object {
  const [program = "", ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    Config: options,
    ContainerID: id,
    ContainerName: `/${name}`,
    ContainerEntrypoint: program,
    ContainerArgs: args,
    ContainerImageID: rest.imageId,
    ContainerImageName: rest.imageName,
    ContainerCreated: rest.created,
    ContainerEnv: config.Env ?? [],
    ContainerLabels: config.Labels ?? {},
    LogPath: "",
    DaemonName: "wharf",
  };
}
