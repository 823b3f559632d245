import { Type } from "@sinclair/typebox";
import { fields, mapOf, nullable, text, textMap, texts, whole, yesNo } from "./kinds.ts";

const endpointSettings = fields({
  IPAMConfig: fields({ IPv4Address: text, IPv6Address: text, LinkLocalIPs: texts }),
  Links: texts,
  Aliases: texts,
  MacAddress: text,
  DriverOpts: textMap,
  GwPriority: whole,
  NetworkID: text,
  EndpointID: text,
  Gateway: text,
  IPAddress: text,
  IPPrefixLen: whole,
  IPv6Gateway: text,
  GlobalIPv6Address: text,
  GlobalIPv6PrefixLen: whole,
  DNSNames: texts,
});

/** Networks by name, each with what the container wants there. */
export const EndpointsSchema = mapOf(nullable(endpointSettings));

const pool = fields({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: textMap });

const optional = fields({
  CheckDuplicate: yesNo,
  Driver: text,
  Scope: text,
  Internal: yesNo,
  Attachable: yesNo,
  Ingress: yesNo,
  ConfigOnly: yesNo,
  ConfigFrom: fields({ Network: text }),
  IPAM: fields({ Driver: text, Options: textMap, Config: Type.Array(pool) }),
  EnableIPv4: yesNo,
  EnableIPv6: yesNo,
  Options: textMap,
  Labels: textMap,
});

export const NetworkCreateSchema = Type.Object({ Name: text, ...optional.properties });

export const NetworkConnectSchema = Type.Object({
  Container: text,
  EndpointConfig: Type.Optional(endpointSettings),
});

export const NetworkDisconnectSchema = Type.Object({ Container: text, Force: Type.Optional(yesNo) });
