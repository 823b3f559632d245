/** `--format` of commands that show one object: `version`, `info`. */
import { CliError } from "../errors.ts";
import { compactJson } from "../format/json.ts";
import type { Template } from "../format/template-eval.ts";

/** Exit code for a template that cannot be read. */
const BAD_TEMPLATE_EXIT_CODE = 64;

/** @param format "json" or a template @throws CliError when it cannot be read */
export async function readObjectTemplate(format: string, name: string): Promise<Template> {
  if (format === "json") return compactJson;
  const { compileTemplate } = await import("../format/template-eval.ts");
  try {
    return compileTemplate(format, { name });
  } catch (error) {
    throw new CliError(`template parsing error: ${(error as Error).message}`, BAD_TEMPLATE_EXIT_CODE);
  }
}

/** Fields the object has not are an error that names `typeName`. @throws CliError */
export function fillObject(
  template: Template,
  value: Readonly<Record<string, unknown>>,
  typeName: string,
): string {
  const fields = { typeName, fields: value, json: () => compactJson(value) };
  try {
    return `${template(template === compactJson ? value : fields)}\n`;
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}
