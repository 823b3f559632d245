import type { Clock } from "#base/clock.ts";
import { readIfExists } from "#base/fs.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { FirewallElement, Kernel } from "#kernel/types.ts";
import type { StateStore } from "#state/types.ts";
import { settleDefaultNetworks } from "./default-networks.ts";
import { type NameService, NO_NAMES } from "./dns/service.ts";
import { HOST_NAMES, hasNames, hostAddressesFor } from "./dns/view.ts";
import { driverNamed } from "./drivers/all.ts";
import { hostsText, LOCALHOST_LINES } from "./files/hosts.ts";
import { resolvConfText } from "./files/resolv-conf.ts";
import { listFilter } from "./filters.ts";
import { guardFirewall } from "./firewall-guard.ts";
import { forgetMarked, letMarkedPass, publishNotice, runHostProgram } from "./foreign-firewall.ts";
import { enableForwarding, hostResolvConf } from "./host-facts.ts";
import { Ipam } from "./ipam/ipam.ts";
import { LeavingLinks } from "./leaving-links.ts";
import { findNetwork, getNetwork } from "./lookup.ts";
import { DEFAULT_NETWORK_OPTIONS, type NetworkOptions } from "./options.ts";
import { OverlapWatch, overlapText } from "./overlaps.ts";
import { ruleList } from "./plan/rule-list.ts";
import { SandboxPorts } from "./ports/sandbox-ports.ts";
import { reconcile } from "./reconcile.ts";
import { endpointsIn, type NetworkRecords, openRecords } from "./records.ts";
import { Rules } from "./rules.ts";
import { Sandboxes } from "./sandboxes.ts";
import type { HostsFileRequest, NetworkRecord, Networks, ResolvConfRequest, SandboxRecord } from "./types.ts";
import {
  createNetwork,
  pruneNetworks,
  removableNetwork,
  removeNetwork,
  unusedNetworks,
} from "./user-networks.ts";

export interface NetworksDeps {
  readonly kernel: Kernel;
  readonly state: StateStore;
  readonly events: Pick<Events, "emit">;
  readonly log: Log;
  readonly clock: Clock;
  /** What is not given is as in `DEFAULT_NETWORK_OPTIONS`. */
  readonly options: Partial<NetworkOptions> & Pick<NetworkOptions, "netnsDirectory">;
  /** Absent: containers have no names, as tests of other things want it. */
  readonly names?: NameService;
  /** For tests: runs iptables. */
  readonly runProgram?: typeof runHostProgram;
}

export function createNetworks(deps: NetworksDeps): Networks {
  const { kernel, events, clock, log, names = NO_NAMES, runProgram = runHostProgram } = deps;
  const options: NetworkOptions = { ...DEFAULT_NETWORK_OPTIONS, ...given(deps.options) };
  const records = openRecords(deps.state);
  const ipam = new Ipam({ records, clock });
  const { table } = options;
  const rules = new Rules({
    firewall: kernel.firewall,
    log,
    table,
    elements: () => tableElements(records, sandboxes, options),
    asksInputRules: options.publishedPorts === "host-input",
  });
  const ports = new SandboxPorts({
    ports: kernel.ports,
    records,
    log,
    defaultAddress: options.defaultHostAddress,
    hostHasIPv6: kernel.features.ipv6,
    policy: options.publishedPorts,
  });
  const leaving = new LeavingLinks({ kernel, records, clock, log });
  const parts = { kernel, records, ipam, rules, ports, events, clock, options, log, names, leaving };
  const sandboxes = new Sandboxes(parts);
  const overlaps = new OverlapWatch({ kernel, records, log });
  const foreign = { runProgram, log, table };
  let found: ReturnType<typeof letMarkedPass> = { inputDrops: false, forwardDrop: undefined };
  const othersChanged = () => {
    found = letMarkedPass(foreign);
  };
  let guard: Disposable | undefined;

  return {
    list(filters = {}) {
      const matches = listFilter(filters, ({ id }) => endpointsIn(records, id).length > 0);
      return records.networks.list().filter(matches);
    },
    get: (nameOrId) => getNetwork(records, nameOrId),
    find: (nameOrId) => findNetwork(records, nameOrId),
    create: (request) => ({ record: createNetwork(parts, request), warning: "" }),
    remove: (nameOrId) => removeNetwork(parts, nameOrId),
    prune: (filters) => pruneNetworks(parts, filters),
    planRemove: (nameOrId) => removableNetwork(records, nameOrId).name,
    planPrune: (filters) => unusedNetworks(parts, filters).map(({ name }) => name),
    addressUse: (network) => (network.configOnly ? [] : ipam.use(network)),
    endpointsOf: (networkId) => endpointsIn(records, networkId),

    openSandbox: (request) => sandboxes.open(request),
    sandbox: (containerId) => records.sandboxes.get(containerId),
    settled: (containerId) => names.settled(containerId),
    gone: () => leaving.gone(),
    closeSandbox: (containerId) => sandboxes.close(containerId),
    connect: (containerId, network, settings) => sandboxes.connect(containerId, network, settings),
    disconnect: (containerId, network) => sandboxes.disconnect(containerId, network),
    publish: (containerId, change) => sandboxes.publish(containerId, change),
    rename: (containerId, containerName) => sandboxes.rename(containerId, containerName),

    hostsFile: (request) => hostsFile(request, records, options),
    resolvConf: (request) => resolvConf(request, records, options),

    recover(running) {
      leaving.recover(
        new Set(
          records.networks
            .list()
            .map(ownedLink)
            .filter((name) => name !== undefined),
        ),
      );
      settleDefaultNetworks(parts, running);
      enableForwarding(parts, 4);
      if (records.networks.list().some(({ enableIPv6 }) => enableIPv6)) enableForwarding(parts, 6);
      reconcile({ ...parts, sandboxes }, running);
      overlaps.begin();
      othersChanged();
      guard ??= guardFirewall({ firewall: kernel.firewall, rules, table, log, othersChanged });
    },
    rules: () => rules.text(),
    ruleList: () => ruleList(records.networks.list(), records.sandboxes.list(), options.publishedPorts),
    warnings: () => overlaps.now().map(overlapText),
    publishNotice: () => publishNotice(options.publishedPorts, found),
    /** With containers still running, their rules stay in force without us. */
    close() {
      guard?.[Symbol.dispose]();
      overlaps[Symbol.dispose]();
      leaving[Symbol.dispose]();
      names[Symbol.dispose]();
      ports[Symbol.dispose]();
      if (records.sandboxes.count() > 0) return;
      forgetMarked(foreign);
      rules.delete();
    },
  };
}

function tableElements(
  records: NetworkRecords,
  sandboxes: Sandboxes,
  { enginePorts }: Pick<NetworkOptions, "enginePorts">,
): FirewallElement[] {
  return [
    ...enginePorts.map((value): FirewallElement => ({ set: "engine", key: [{ kind: "port", value }] })),
    ...records.networks.list().flatMap((network) => driverNamed(network.driver).rules(network)),
    ...records.sandboxes.list().flatMap((sandbox) => sandboxes.elements(sandbox)),
  ];
}

/** The link a network cannot be without: its bridge, or the one its containers stand on. */
function ownedLink(network: NetworkRecord): string | undefined {
  const driver = driverNamed(network.driver);
  return driver.hostLink(network) ?? driver.parent?.(network);
}

function hostsFile(request: HostsFileRequest, records: NetworkRecords, options: NetworkOptions): string {
  const { hostname, domainname, sandbox, extraHosts, linked } = request;
  const isInHost = sandbox === undefined || sandbox.netnsPath === "";
  const endpoints = sandbox?.endpoints ?? [];
  const hostAddresses = hostAddressesFor(
    { endpoints },
    {
      given: options.hostGatewayAddresses,
      defaultNetwork: findNetwork(records, "bridge"),
      networks: endpoints.map(({ networkId }) => getNetwork(records, networkId)),
    },
  );
  return hostsText({
    base: isInHost ? (readIfExists("/etc/hosts") ?? LOCALHOST_LINES) : LOCALHOST_LINES,
    hostname,
    domainname,
    endpoints,
    extraHosts,
    linked,
    hostGateway: hostAddresses,
    hostNames: endpoints.length > 0 || isInHost ? HOST_NAMES : [],
    hostNameAddresses: isInHost ? ["127.0.0.1"] : hostAddresses,
  });
}

function resolvConf(request: ResolvConfRequest, records: NetworkRecords, options: NetworkOptions): string {
  const isHostNetwork = request.networkMode === "host";
  return resolvConfText({
    host: isHostNetwork ? (readIfExists("/etc/resolv.conf") ?? "") : hostResolvConf(),
    isHostNetwork,
    hasNames: request.sandbox !== undefined && usesNames(request.sandbox, records),
    hasIPv6: request.sandbox?.endpoints.some(({ ipv6 }) => ipv6 !== undefined) ?? false,
    dns: request.dns.length > 0 ? request.dns : options.dns,
    search: request.dnsSearch.length > 0 ? request.dnsSearch : options.dnsSearch,
    options: request.dnsOptions.length > 0 ? request.dnsOptions : options.dnsOptions,
  });
}

function usesNames(sandbox: SandboxRecord, records: NetworkRecords): boolean {
  return (
    sandbox.netnsPath !== "" &&
    sandbox.endpoints.some(({ networkId }) => hasNames(getNetwork(records, networkId)))
  );
}

/** A setting that is undefined is not given. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
