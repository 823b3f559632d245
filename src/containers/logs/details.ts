/** "a=1,b=two%20words", as `docker logs --details` prints the attributes. */
export function detailsText(attrs: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join(",");
}
