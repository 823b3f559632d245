/** SELinux labels of a container's processes and files, from `--security-opt label=…`. */
import { InvalidArgument } from "#base/errors.ts";

export interface SelinuxLabels {
  readonly process: string;
  readonly mount: string;
}

/** What may stand before the colon of "label=type:svirt_t", and the field of which label it sets. */
const FIELDS = ["user", "role", "type", "level", "filetype"] as const;
type Field = (typeof FIELDS)[number];

export interface LabelOptions {
  readonly disabled: boolean;
  readonly fields: Readonly<Partial<Record<Field, string>>>;
}

/** @param values what follows "label=", in order: later ones count @throws InvalidArgument with Docker's text */
export function parseLabelOptions(values: readonly string[]): LabelOptions {
  const fields: Partial<Record<Field, string>> = {};
  let disabled = false;
  for (const value of values) {
    if (value === "disable") disabled = true;
    if (value === "disable" || value === "nested") continue;
    const [name = "", setting] = value.split(/:(.*)/s);
    const field = FIELDS.find((known) => known === name);
    if (!field || !setting) {
      throw new InvalidArgument(
        `bad label option "${value}", valid options 'disable, nested' or '${FIELDS.join(", ")}' followed by ':' and a value`,
      );
    }
    fields[field] = setting;
  }
  return { disabled, fields };
}

/** Categories a policy has; a container gets two of them, so that it cannot reach another's files. */
const CATEGORIES = 1024;

/** @param id the container's: the same pair at every start, as its files carry it */
export function labelsOf({ fields }: LabelOptions, id: string): SelinuxLabels {
  const level = fields.level ?? levelOf(id);
  const user = fields.user ?? "system_u";
  return {
    process: [user, fields.role ?? "system_r", fields.type ?? "container_t", level].join(":"),
    mount: [user, "object_r", fields.filetype ?? "container_file_t", level].join(":"),
  };
}

function levelOf(id: string): string {
  const number = Number.parseInt(id.slice(0, 8), 16) || 0;
  const low = number % (CATEGORIES - 1);
  const high = low + 1 + (Math.floor(number / CATEGORIES) % (CATEGORIES - 1 - low));
  return `s0:c${low},c${high}`;
}
