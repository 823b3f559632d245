/**
 * Whether a registry's credentials may be sent to the token server it names.
 *
 * Docker sends them to any realm a registry names. A registry that was broken into, or somebody on the way to one that
 * is reached without TLS, could so have them sent anywhere. We send them only to a realm that belongs to the registry:
 * its own host, a sibling under the same parent domain (registry-1.docker.io and auth.docker.io), or a parent or child
 * of it (registry.gitlab.com and gitlab.com); and never over a weaker connection than the registry's. Any other realm
 * is asked without credentials, which still serves public images.
 */
export function mayReceiveCredentials(registry: URL, realm: URL): boolean {
  if (registry.protocol === "https:" && realm.protocol !== "https:") return false;
  if (isSameHost(registry.hostname, realm.hostname)) return true;
  return realm.protocol === "https:" && areRelated(registry.hostname, realm.hostname);
}

function isSameHost(a: string, b: string): boolean {
  return a === b || (isLoopback(a) && isLoopback(b));
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function areRelated(a: string, b: string): boolean {
  if (isAddress(a) || isAddress(b)) return false;
  if (isBelow(a, b) || isBelow(b, a)) return true;
  const parent = parentDomain(a);
  return isOwned(parent) && isBelow(b, parent);
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

function isBelow(hostname: string, domain: string): boolean {
  return isOwned(domain) && hostname.endsWith(`.${domain}`);
}

function parentDomain(hostname: string): string {
  return hostname.slice(hostname.indexOf(".") + 1);
}

/** Not a suffix under which strangers register names, as "com" and "co.uk" are. */
function isOwned(domain: string): boolean {
  return domain.includes(".") && !/^(?:ac|co|com|edu|gov|mil|net|or|org)\.[a-z]{2}$/.test(domain);
}
