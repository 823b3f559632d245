import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "#base/log.ts";
import type { RuntimeSeccomp } from "#spec/oci/runtime.ts";
import { canCompile, compileProfile, type Libseccomp, openLibseccomp } from "./libseccomp.ts";

/** The annotation under which crun takes a finished program instead of compiling linux.seccomp. */
export const PROGRAM_ANNOTATION = "run.oci.seccomp_bpf_data";

/** Different profiles in use at once: the default with and without a few capabilities, rarely more. */
const KEPT_IN_MEMORY = 32;

/**
 * Compiled seccomp programs, each made once and kept on disk: the compile would cost more than the rest of a start.
 * A profile that cannot be compiled here is no failure: the runtime gets the profile and does it itself.
 */
export class SeccompPrograms {
  readonly #directory: string;
  readonly #log: Log;
  readonly #kept = new Map<string, string>();
  /** null: not there. */
  #library: Libseccomp | null | undefined;

  /** @param directory on disk, made when missing; only root may write there */
  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** @returns the program in base64, or undefined when the runtime must compile the profile itself */
  programFor(profile: RuntimeSeccomp): string | undefined {
    if (!canCompile(profile)) return undefined;
    const key = new Bun.CryptoHasher("sha256")
      .update(process.arch)
      .update(JSON.stringify(profile))
      .digest("hex");
    const program = this.#kept.get(key) ?? this.#load(key) ?? this.#compile(key, profile);
    if (program !== undefined) this.#keep(key, program);
    return program;
  }

  #path(key: string): string {
    return join(this.#directory, `${key}.bpf`);
  }

  #load(key: string): string | undefined {
    try {
      const program = readFileSync(this.#path(key));
      return program.length > 0 ? program.toString("base64") : undefined;
    } catch {
      return undefined;
    }
  }

  #compile(key: string, profile: RuntimeSeccomp): string | undefined {
    const library = this.#open();
    if (!library) return undefined;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path(key)}.new-${process.pid}`;
    const fd = openSync(fresh, "w", 0o600);
    try {
      compileProfile(library, profile, fd);
      renameSync(fresh, this.#path(key));
    } catch (error) {
      rmSync(fresh, { force: true });
      this.#log.warn("cannot compile a seccomp profile, leaving it to the runtime", { error });
      return undefined;
    } finally {
      closeSync(fd);
    }
    return this.#load(key);
  }

  #open(): Libseccomp | null {
    if (this.#library === undefined) {
      try {
        this.#library = openLibseccomp();
      } catch {
        this.#library = null;
      }
    }
    return this.#library;
  }

  #keep(key: string, program: string): void {
    this.#kept.delete(key);
    this.#kept.set(key, program);
    if (this.#kept.size > KEPT_IN_MEMORY) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
