/**
 * Whether an extended attribute of an archive is set on the file.
 *
 * `trusted.overlay.*` and `user.overlay.*` are directives to overlayfs: from an archive they could redirect a directory
 * or pull data from elsewhere. Other `trusted.*` and `security.*` attributes belong to the host (its labels, its
 * signatures), not to an image. What remains is file capabilities, access lists and what users set.
 */
export function isKeptXattr(name: string): boolean {
  if (name.startsWith("user.")) return !name.startsWith("user.overlay.");
  return KEPT.has(name);
}

const KEPT = new Set(["security.capability", "system.posix_acl_access", "system.posix_acl_default"]);
