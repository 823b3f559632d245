/** `--network` and what goes with it. */
import { parseIp } from "#base/ip.ts";
import { splitCsv } from "../flag-kinds.ts";

/** A network a container joins, as given by one flag. */
export interface NetworkAttachment {
  readonly name: string;
  aliases: string[];
  links: string[];
  linkLocalIps: string[];
  driverOptions: Record<string, string>;
  ipv4: string;
  ipv6: string;
  macAddress: string;
  gatewayPriority: number;
}

export function emptyAttachment(name: string): NetworkAttachment {
  return {
    name,
    aliases: [],
    links: [],
    linkLocalIps: [],
    driverOptions: {},
    ipv4: "",
    ipv6: "",
    macAddress: "",
    gatewayPriority: 0,
  };
}

/**
 * A name, or "name=n,alias=a,ip=10.0.0.5".
 * @throws Error for a field it does not know
 */
export function parseNetworkFlag(text: string): NetworkAttachment {
  if (!text.includes("=")) return emptyAttachment(text);
  const pairs = splitCsv(text).map(splitField);
  const name = pairs.findLast(([key]) => key === "name")?.[1];
  const attachment = emptyAttachment(name ?? "");
  for (const [key, value] of pairs) applyField(attachment, key, value);
  if (!attachment.name) throw new Error("network name/id is not specified");
  return attachment;
}

function splitField(field: string): [key: string, value: string] {
  const equals = field.indexOf("=");
  if (equals <= 0) throw new Error(`invalid field ${field}`);
  return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim()];
}

function applyField(attachment: NetworkAttachment, key: string, value: string): void {
  switch (key) {
    case "name":
      break; // read first: the attachment is made for it
    case "alias":
      attachment.aliases.push(value);
      break;
    case "ip":
      attachment.ipv4 = value;
      break;
    case "ip6":
      attachment.ipv6 = value;
      break;
    case "mac-address":
      attachment.macAddress = value; // checked together with --mac-address
      break;
    case "link-local-ip":
      attachment.linkLocalIps.push(value);
      break;
    case "driver-opt":
      attachment.driverOptions = { ...attachment.driverOptions, ...driverOption(value) };
      break;
    case "gw-priority":
      if (!/^-?\d+$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`);
      attachment.gatewayPriority = Number(value);
      break;
    default:
      throw new Error(`invalid field key ${key}`);
  }
}

function driverOption(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 0) throw new Error("invalid key value pair format in driver options");
  return { [text.slice(0, equals).trim()]: text.slice(equals + 1).trim() };
}

/** @throws Error "… is not a valid mac address" */
export function checkMac(text: string): string {
  const isMac =
    /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1){0,2}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/i.test(
      text,
    );
  if (!isMac) throw new Error(`${text} is not a valid mac address`);
  return text;
}

/** "name:address" or "name=address" as the API has it; the address may be "host-gateway". @throws Error */
export function parseExtraHost(text: string): string {
  const [, name, address] = /^([^:=]+)[:=](.*)$/.exec(text) ?? [];
  if (!name || !address) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  const bare = address.replace(/^\[(.*)\]$/, "$1");
  if (bare !== "host-gateway" && !parseIp(bare))
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${bare}`;
}

/** @throws Error */
export function checkDnsServer(text: string): string {
  const trimmed = text.trim();
  if (!parseIp(trimmed)) throw new Error(`IP address is not correctly formatted: ${text}`);
  return trimmed;
}

const DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?$/i;

/** A search domain; "." stands for none. @throws Error */
export function checkDnsSearch(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== "." && (!DOMAIN.test(trimmed) || trimmed.length > 255))
    throw new Error(`${trimmed} is not a valid domain`);
  return trimmed;
}

/** "name" or "name:alias". @throws Error */
export function checkLink(text: string): string {
  if (text === "") throw new Error("empty string specified for links");
  if (text.split(":").length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}
