/** Several files of one scope: one over the other, then completed, checked and with their paths resolved. */
import { checkDocument } from "./check-document.ts";
import { setDefaults } from "./defaults.ts";
import { emptyTree, type FileScope, type Loading, loadFile } from "./load-file.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { isMap, type Tree, type TreeMap } from "./tree.ts";

/** Key under which a secret's value from the environment travels. */
export const SECRET_VALUE = "x-#value";

/**
 * @param resolve false leaves relative paths as they are
 * @throws ComposeFileError and what reading files throws
 */
export async function loadModel(
  files: readonly string[],
  { loading, scope, resolve = true }: { loading: Loading; scope: FileScope; resolve?: boolean },
): Promise<TreeMap> {
  let tree = emptyTree();
  for (const file of files)
    ({ tree } = await loadFile(file, tree, { loading, scope, role: { isBase: false } }));
  setDefaults(tree);
  if (loading.validate) checkDocument(tree, loading.places);
  if (resolve) resolvePaths(tree, { directory: scope.directory, home: loading.home }, loading.places);
  if (loading.interpolate) takeEnvironment(tree, scope.environment);
  return tree;
}

/** Variables that are only named take their value where they were named: an include has its own. */
function takeEnvironment(tree: TreeMap, environment: ReadonlyMap<string, string>): void {
  for (const section of ["services", "jobs"]) {
    for (const container of maps(tree[section])) {
      if (!Array.isArray(container.environment)) continue;
      container.environment = container.environment.map((entry) => {
        const value = typeof entry === "string" ? environment.get(entry) : undefined;
        return value === undefined ? entry : `${entry}=${value}`;
      });
    }
  }
  for (const [section, key] of [
    ["secrets", SECRET_VALUE],
    ["configs", "content"],
  ] as const) {
    for (const object of maps(tree[section])) {
      const value = typeof object.environment === "string" ? environment.get(object.environment) : undefined;
      if (value !== undefined) object[key] = value;
    }
  }
}

function maps(section: Tree | undefined): TreeMap[] {
  return section !== undefined && isMap(section) ? Object.values(section).filter(isMap) : [];
}
