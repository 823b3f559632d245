/** Files of variables on disk. */
import { readFile, stat } from "node:fs/promises";
import { InvalidArgument, messageOf, NotFound } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { DotenvError, type DotenvOptions, parseDotenv, parseRawEnv } from "./dotenv.ts";
import { ComposeFileError } from "./errors.ts";
import { TemplateError } from "./template.ts";
import { LARGEST_FILE_BYTES } from "./yaml-read.ts";

/**
 * Adds a file's variables to `into`.
 * @param format absent for the syntax of .env, "raw" for values as they stand
 * @throws NotFound, InvalidArgument, ComposeFileError with the line
 */
export async function readEnvFile(
  file: string,
  into: Map<string, string>,
  { format, ...options }: DotenvOptions & { readonly format?: string },
): Promise<void> {
  if (format !== undefined && format !== "" && format !== "raw")
    throw new InvalidArgument(`unsupported env_file format "${format}"`, {
      hint: 'leave it out, or write "raw"',
    });
  const text = await readText(file);
  try {
    if (format === "raw") parseRawEnv(text, into, options);
    else parseDotenv(text, into, options);
  } catch (error) {
    throw explained(error, file, text);
  }
}

function statReason(error: unknown): string {
  return isErrno(error, "ENOENT") ? "no such file or directory" : messageOf(error);
}

async function readText(file: string): Promise<string> {
  const info = await stat(file).catch((error) => {
    throw new NotFound(`env file ${file} not found: stat ${file}: ${statReason(error)}`, { cause: error });
  });
  if (info.isDirectory()) throw new InvalidArgument(`${file} is a directory`);
  if (info.size > LARGEST_FILE_BYTES)
    throw new InvalidArgument(`env file ${file} is larger than ${LARGEST_FILE_BYTES >> 20} MiB`);
  return await readFile(file, "utf8");
}

function explained(error: unknown, file: string, text: string): unknown {
  if (error instanceof DotenvError) {
    const position = { file, line: error.line, column: 1 };
    const reason = `failed to read ${file}: ${error.message}`;
    return new ComposeFileError(reason, {
      position,
      sourceLine: text.split("\n")[error.line - 1],
      cause: error,
    });
  }
  if (error instanceof TemplateError) return new InvalidArgument(`failed to read ${file}: ${error.message}`);
  return error;
}

/** Whether a regular file, or a link to one, is there. */
export async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (info) => !info.isDirectory(),
    () => false,
  );
}
