import { InvalidArgument } from "#base/errors.ts";

/**
 * Where an upload goes on, as a registry's Location header says: relative, or even on another host. A registry behind
 * a proxy that ends TLS may name itself with plain HTTP: that is understood as its own HTTPS address.
 * @param location the header; without one the upload stays where it is
 * @param from the address of the request that was answered
 * @throws InvalidArgument for what is no HTTP address, or for another host in plain text
 */
export function uploadLocation(location: string | null, from: URL, request: string): URL {
  if (!location) return from;
  if (!URL.canParse(location, from.href))
    throw new InvalidArgument(`${request}: the registry names no usable place for an upload`);
  const url = new URL(location, from);
  url.username = "";
  url.password = "";
  if (!/^https?:$/.test(url.protocol))
    throw new InvalidArgument(`${request}: the registry names a place for an upload that is no HTTP address`);
  if (from.protocol === "https:" && url.protocol === "http:") {
    if (url.hostname !== from.hostname)
      throw new InvalidArgument(`${request}: refused to upload over plain HTTP (${url.host})`);
    url.protocol = "https:";
    url.port = from.port; // and not the path read anew: one that begins with "//" would name a host
    return url;
  }
  return url;
}
