/** Fails when a file of src/ imports a folder its own may not: `bun tools/check-imports.ts`. */
import { Glob } from "bun";
import { type Folder, IMPORT_TABLE } from "./import-table.ts";

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)\s*import\s*"([^"]+)"/g;

export interface Breach {
  readonly file: string;
  readonly imported: string;
  readonly rule: string;
}

/** @param file relative to src/, e.g. "storage/layer/unpack.ts" */
export function breachesOf(file: string, source: string): Breach[] {
  const folder = file.split("/")[0] as Folder;
  if (!file.includes("/")) return []; // src/main.ts chooses among all
  const allowed: readonly string[] | undefined = IMPORT_TABLE[folder];
  if (!allowed) return [{ file, imported: "-", rule: `folder ${folder} is not in tools/import-table.ts` }];
  const isTest = file.endsWith(".test.ts");
  const breaches: Breach[] = [];
  for (const match of source.matchAll(IMPORT)) {
    const imported = match[1] ?? match[2] ?? match[3]!;
    const rule = ruleBrokenBy(folder, allowed, imported, isTest);
    if (rule) breaches.push({ file, imported, rule });
  }
  return breaches;
}

function ruleBrokenBy(
  folder: Folder,
  allowed: readonly string[],
  imported: string,
  isTest: boolean,
): string | undefined {
  if (imported.startsWith("../") && leavesFolder(imported) && !isTest)
    return "write #folder/file.ts to leave a folder";
  if (!imported.startsWith("#")) return undefined;
  const target = imported.slice(1).split("/")[0]!;
  if (target === folder) return undefined; // a deep file may name its own folder's root
  if (imported.split("/").at(-1)!.startsWith("_"))
    return "files that start with _ are private to their folder";
  if (allowed.includes(target) || isTest) return undefined;
  return `${folder} may import ${allowed.join(", ") || "nothing"}`;
}

function leavesFolder(imported: string): boolean {
  return imported.startsWith("../../../");
}

/** The table is written in dependency order: no row may name a folder that comes later, so no cycle can be. */
function rowsOutOfOrder(): string[] {
  const folders = Object.keys(IMPORT_TABLE);
  return folders.filter((folder, row) =>
    IMPORT_TABLE[folder as Folder].some((target) => folders.indexOf(target) >= row),
  );
}

export async function checkImports(root: string): Promise<Breach[]> {
  const breaches: Breach[] = [];
  for (const folder of rowsOutOfOrder()) {
    breaches.push({ file: "tools/import-table.ts", imported: folder, rule: "its row names a later folder" });
  }
  for await (const file of new Glob("**/*.ts").scan({ cwd: `${root}/src` })) {
    breaches.push(...breachesOf(file, await Bun.file(`${root}/src/${file}`).text()));
  }
  return breaches;
}

if (import.meta.main) {
  const breaches = await checkImports(`${import.meta.dir}/..`);
  for (const { file, imported, rule } of breaches) console.error(`src/${file} imports ${imported}: ${rule}`);
  if (breaches.length > 0) process.exit(1);
}
