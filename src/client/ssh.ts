import type { FileSink } from "bun";
import type { Channel, Endpoint, TakeBytes } from "./types.ts";

type SshEndpoint = Extract<Endpoint, { scheme: "ssh" }>;

/** Prefers our own program on the other machine and takes Docker's where only that is installed. */
const REMOTE_COMMAND =
  "command -v wharf >/dev/null 2>&1 && exec wharf system dial-stdio; exec docker system dial-stdio";

/** A connection through `ssh` to the engine of another machine. ssh itself reports what goes wrong, on stderr. */
export function dialSsh(endpoint: SshEndpoint): Channel {
  const child = Bun.spawn(sshCommand(endpoint), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  return new ProcessChannel(child.stdin, child.stdout.getReader(), () => child.kill());
}

/** Exported for its test. */
export function sshCommand({ user, host, port, path }: SshEndpoint): string[] {
  const socket = quote(`unix://${path ?? ""}`);
  const remote = path
    ? `env DOCKER_HOST=${socket} WHARF_HOST=${socket} sh -c ${quote(REMOTE_COMMAND)}`
    : REMOTE_COMMAND;
  return [
    "ssh",
    ...(user ? ["-l", user] : []),
    ...(port ? ["-p", String(port)] : []),
    "-o",
    "ConnectTimeout=30",
    "-T",
    "--",
    host,
    remote,
  ];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

class ProcessChannel implements Channel {
  readonly #input: FileSink;
  readonly #output: { read(): Promise<{ done: boolean; value?: Uint8Array }> };
  readonly #kill: () => void;
  readonly #unread: Uint8Array[] = [];
  ended = false;

  constructor(
    input: FileSink,
    output: { read(): Promise<{ done: boolean; value?: Uint8Array }> },
    kill: () => void,
  ) {
    this.#input = input;
    this.#output = output;
    this.#kill = kill;
  }

  async read(): Promise<Uint8Array | undefined> {
    const waiting = this.#unread.shift();
    if (waiting) return waiting;
    const { value } = await this.#output.read();
    this.ended ||= value === undefined;
    return value;
  }

  async pump(take: TakeBytes, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone()) {
      const bytes = await this.read();
      if (!bytes) return;
      await take(bytes);
    }
  }

  unread(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) this.#unread.unshift(bytes);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#input.write(bytes);
    await this.#input.flush();
  }

  shutdown(): void {
    this.#input.end();
  }

  close(): void {
    this.#input.end();
    this.#kill();
  }
}
