/** RFC 3339 with nine digits of a second, as Docker writes times. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}
