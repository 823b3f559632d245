import type { ExecConfig, ExecInspect, ExecStartConfig } from "#spec/docker/exec.ts";
import { encodeName } from "./http-head.ts";
import type { Transport } from "./transport.ts";
import type { Channel } from "./types.ts";

/** A process that has closed its output usually ends at once. */
const EXIT_POLL_MS = 20;

/** Processes started in running containers. */
export class Execs {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  create(container: string, config: ExecConfig): Promise<{ Id: string }> {
    return this.#http.json("POST", `/containers/${encodeName(container)}/exec`, { json: config });
  }

  /** Starts and attaches. Raw when the process has a terminal, else in frames. */
  start(id: string, config: Omit<ExecStartConfig, "Detach">): Promise<Channel> {
    return this.#http.hijack("POST", `/exec/${id}/start`, { json: { ...config, Detach: false } });
  }

  async startDetached(id: string, config: Omit<ExecStartConfig, "Detach">): Promise<void> {
    await this.#http.call("POST", `/exec/${id}/start`, { json: { ...config, Detach: true } });
  }

  async resize(id: string, size: { readonly height: number; readonly width: number }): Promise<void> {
    await this.#http.call("POST", `/exec/${id}/resize`, { query: { h: size.height, w: size.width } });
  }

  inspect(id: string): Promise<ExecInspect> {
    return this.#http.json("GET", `/exec/${id}/json`);
  }

  /** Of a process whose output has ended: it may be a moment, or as long as it likes, until it has ended itself. */
  async exitCode(id: string): Promise<number> {
    for (;;) {
      const { Running, ExitCode } = await this.inspect(id);
      if (!Running) return ExitCode ?? 0;
      await Bun.sleep(EXIT_POLL_MS);
    }
  }
}
