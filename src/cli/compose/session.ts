import type { Client } from "#client/client.ts";
import type { CliHost } from "../host.ts";
import type { Session } from "../session.ts";
import type { ComposeFlags } from "./flags.ts";

/** One call of `wharf compose`: the command line around it and what was said before the verb. */
export class ComposeSession {
  readonly session: Session;
  readonly flags: ComposeFlags;
  /** "wharf compose up" */
  readonly verbPath: string;

  constructor(session: Session, flags: ComposeFlags, verbPath: string) {
    this.session = session;
    this.flags = flags;
    this.verbPath = verbPath;
  }

  get host(): CliHost {
    return this.session.host;
  }

  client(): Promise<Client> {
    return this.session.client();
  }

  print(text: string): Promise<void> {
    return this.session.print(text);
  }

  /** One line on standard error. */
  warn(text: string): Promise<void> {
    return this.session.warn(`${text}\n`);
  }
}
