import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlimsollError, PlimsollError } from '../../errors.ts';
import { namesIn, unmount } from '../kernel/index.ts';
import type { Root } from '../store/index.ts';
import { admitDocker, dismissDocker } from './firewall/docker-user.ts';
import { uplink } from './host-routes.ts';
import { addressBridge, attachCommands, makeBridge, script } from './ip-batch.ts';
import { linkFolder, macOf, namespaceFolder, namespacePrefix, tableName } from './names.ts';
import type { BridgeNetwork } from './networks.ts';
import { formatPort, formatRemoval, formatTable, type PortRule } from './nft-rules.ts';
import { hasIpv6 } from './plan-ipv6.ts';
import { type Link, plugLink } from './plug-link.ts';
import { run, runOrThrow } from './rootless/in-network.ts';
import { userNetwork } from './rootless/place.ts';
import { plugByCommands } from './rootless/plug-by-commands.ts';
import { closeUserNetwork, openUserNetwork } from './rootless/user-network.ts';

/** The kernel's side of a root's networks: bridges, links, namespaces and the nftables table, by rtnetlink(7), ip(8) and nft(8). */
export interface BridgeDriver {
  /** True if the bridge is up as `raise` left it, and nobody is about to take it away. */
  isUp(network: BridgeNetwork): boolean;
  /** From now on nobody takes the bridges for up. The first step before `lower`. */
  retire(networks: readonly BridgeNetwork[]): void;
  /** Takes `retire` back. */
  reinstate(networks: readonly BridgeNetwork[]): void;
  /** Makes the bridge (or mends it) and the table with these ports in it. */
  raise(networks: readonly BridgeNetwork[], ports: readonly PortRule[]): Promise<void>;
  /** Takes away the tables and all bridges of the root; `retire` them first. */
  lower(networks: readonly Pick<BridgeNetwork, 'bridge'>[]): Promise<void>;
  /** Takes away one bridge that is on no table any more. */
  removeBridge(network: Pick<BridgeNetwork, 'bridge'>): Promise<void>;
  /** Makes a container's link; with its namespace, if it is the first. */
  plug(link: Link, options: { first: boolean }): Promise<void>;
  /** Removes one link of a container, if it is there. */
  pull(link: Pick<Link, 'host'>): Promise<void>;
  /** Removes a container's namespace, if it is there. Its link goes with it, a moment later. */
  unplug(namespace: string): Promise<void>;
  /**
   * Removes links from a bridge that are not `expected`, such as those of a namespace held open. `expected` is asked
   * after the links were listed, so that one that is just being made is not taken for a stray.
   */
  detachOthers(bridge: string, expected: () => ReadonlySet<string>): Promise<void>;
  /** Puts links on their bridge that are off it. */
  attach(links: readonly Pick<Link, 'host' | 'bridge'>[]): Promise<void>;
  /** Returns the chains of this machine, as `nft list chains` prints them: asked in passing, as a command costs more. */
  addPorts(ports: readonly PortRule[]): Promise<string>;
  deletePorts(ports: readonly PortRule[]): Promise<void>;
  /** Names of the root's namespaces that are there. */
  namespaces(): string[];
  hasBridge(name: string): boolean;
  hasTable(family: 'ip' | 'ip6'): Promise<boolean>;
  /**
   * What a link carries, and what the uplink does. A slower uplink (a VPN, a cloud's network) must not make packets
   * between containers smaller, which costs them 4 % of their throughput: only the route out knows of it.
   */
  mtu(): { readonly linkMtu: number; readonly uplinkMtu: number };
}

/** The driver of a root. */
export function createBridgeDriver(root: Root): BridgeDriver {
  const table = tableName(root);
  /** Is there since a table for IPv6 was first made: networks of IPv4 alone pay nothing for it. */
  const twinMark = join(root.runDir, 'table6');
  const markFile = (bridge: string) => join(root.runDir, `${bridge}.up`);
  const isUp = (network: BridgeNetwork) =>
    hasLink(network.bridge) && readText(markFile(network.bridge)) === markOf(network);
  const mark = (network: BridgeNetwork) => writeFileSync(markFile(network.bridge), markOf(network));
  return {
    isUp,
    retire(networks) {
      for (const { bridge } of networks) rmSync(markFile(bridge), { force: true });
    },
    reinstate: networks => networks.forEach(mark),
    async raise(networks, ports) {
      if (userNetwork !== undefined) await openUserNetwork(userNetwork);
      if (networks.some(({ subnet }) => subnet !== undefined)) setSysctl('ipv4/ip_forward', '1');
      if (networks.some(({ subnet6 }) => subnet6 !== undefined)) {
        forwardIpv6();
        writeFileSync(twinMark, '');
      }
      const down = networks.filter(network => !isUp(network));
      await Promise.all([
        nft(formatTable({ table, networks, ports, mayHaveTwin: existsSync(twinMark) })),
        ...down.map(network => raiseBridge(network, mtuOfLinks().linkMtu)),
      ]);
      for (const network of down) mark(network);
    },
    async lower(networks) {
      // The table first: while a bridge is there, whoever finds it unused finds both.
      // A kernel may speak IPv6 and have no nftables for it.
      const remove = (mayHaveTwin: boolean) => nft(formatRemoval({ table, mayHaveTwin }));
      await remove(hasIpv6())
        .catch(() => remove(false))
        .catch(ignoreMissing);
      rmSync(twinMark, { force: true });
      await Promise.all(networks.map(({ bridge }) => lowerBridge(bridge)));
      if (userNetwork !== undefined) await closeUserNetwork(userNetwork);
    },
    async removeBridge({ bridge }) {
      rmSync(markFile(bridge), { force: true });
      await lowerBridge(bridge);
    },
    async plug(link, { first }) {
      const { namespace } = link;
      if (first && hasNamespace(namespace)) await unplug(namespace); // what a killed process left
      await pull(link); // on its way out since the container's last run
      await (userNetwork === undefined ? plugLink : plugByCommands)(link, { newNamespace: first });
    },
    pull,
    unplug,
    async attach(links) {
      const off = links.filter(({ host, bridge }) => hasLink(host) && !hasLink(`${bridge}/brif/${host}`));
      if (off.length > 0) await batch(script(off.flatMap(attachCommands)));
    },
    async detachOthers(bridge, expected) {
      const links = namesIn(`${linkFolder}/${bridge}/brif`);
      const known = expected();
      for (const name of links.filter(link => !known.has(link))) await run('ip', ['link', 'del', name]);
    },
    addPorts: ports => nft(`${portScript('add', table, ports)}list chains\n`),
    async deletePorts(ports) {
      await nft(portScript('delete', table, ports));
    },
    namespaces() {
      return namesIn(namespaceFolder).filter(name => name.startsWith(namespacePrefix(root)));
    },
    hasBridge: hasLink,
    async hasTable(family) {
      return (await run('nft', ['list', 'tables'])).stdout.includes(`table ${family} ${table}\n`);
    },
    mtu: mtuOfLinks,
  };
}

async function unplug(namespace: string): Promise<void> {
  if (!hasNamespace(namespace)) return;
  const path = join(namespaceFolder, namespace);
  await unmount(path, { lazy: true }); // this and the unlink are what 'ip netns del' does
  rmSync(path, { force: true });
}

async function pull({ host }: Pick<Link, 'host'>): Promise<void> {
  if (hasLink(host)) await run('ip', ['link', 'del', host]);
}

async function raiseBridge(network: BridgeNetwork, mtu: number): Promise<void> {
  const { bridge, gateway, subnet, gateway6, subnet6 } = network;
  const place = { name: bridge, mac: macOf(gateway ?? gateway6 ?? ''), mtu };
  const make = hasLink(bridge) ? '' : makeBridge(place);
  const gateways = [
    ...(gateway === undefined ? [] : [`${gateway}/${subnet?.split('/')[1]}`]),
    ...(gateway6 === undefined ? [] : [`${gateway6}/${subnet6?.split('/')[1]}`]),
  ];
  if (gateway6 === undefined) {
    await batch(make + addressBridge({ ...place, gateways }));
  } else {
    if (make !== '') await batch(make);
    prepareIpv6(bridge);
    await batch(addressBridge({ ...place, gateways }));
  }
  if (gateway !== undefined) setSysctl(`ipv4/conf/${bridge}/route_localnet`, '1');
  if (userNetwork !== undefined) return; // nobody's firewall is in there
  await admitDocker(bridge, [
    ...(gateway === undefined ? [] : (['ip'] as const)),
    ...(gateway6 === undefined ? [] : (['ip6'] as const)),
  ]);
}

async function lowerBridge(bridge: string): Promise<void> {
  if (!hasLink(bridge)) return;
  // Links first: a namespace that a process holds open would keep its own for as long.
  const links = namesIn(`${linkFolder}/${bridge}/brif`);
  await run('ip', ['-force', '-batch', '-'], {
    input: script([...links, bridge].map(link => `link del ${link}`)),
  });
  if (hasLink(bridge)) {
    throw new PlimsollError('internal', `the bridge "${bridge}" cannot be removed`, {
      code: 'BRIDGE_STUCK',
      hint: `try 'ip link del ${bridge}' to see why`,
    });
  }
  if (userNetwork === undefined) await dismissDocker(bridge);
}

async function batch(input: string): Promise<void> {
  await runOrThrow('ip', ['-batch', '-'], { input });
}

async function nft(input: string): Promise<string> {
  return input === '' ? '' : (await runOrThrow('nft', ['-f', '-'], { input })).stdout;
}

/**
 * A machine without nft(8) has no table to take away, and must be able to say what it lacks; whoever may not touch
 * tables (in a container without CAP_NET_ADMIN) has made none either.
 */
function ignoreMissing(error: unknown): void {
  const isForbidden = isPlimsollError(error) && /not permitted/.test(String(error.data.stderr));
  if (!isForbidden && !isPlimsollError(error, 'unavailable')) throw error;
}

function portScript(verb: 'add' | 'delete', table: string, ports: readonly PortRule[]): string {
  return script(ports.map(port => formatPort(verb, table, port)));
}

function setSysctl(name: string, value: string): void {
  if (userNetwork !== undefined) return; // that has it all from its beginning
  const path = `/proc/sys/net/${name}`;
  if (readText(path) === value) return;
  try {
    writeFileSync(path, value);
  } catch (error) {
    throw new PlimsollError('permission-denied', `cannot set ${path} to ${value}`, {
      code: 'SYSCTL_REFUSED',
      hint: `set it yourself, or use --network host or none`,
      cause: error,
    });
  }
}

/**
 * Before a bridge is up: it must not listen to a router among the containers, and its link-local address must be of
 * use at once (no duplicate address detection), as the kernel asks for a container's whereabouts from that.
 */
function prepareIpv6(bridge: string): void {
  setSysctl(`ipv6/conf/${bridge}/disable_ipv6`, '0');
  setSysctl(`ipv6/conf/${bridge}/accept_ra`, '0');
  setSysctl(`ipv6/conf/${bridge}/accept_dad`, '0');
}

/**
 * Lets the host forward IPv6. A host that does so no longer listens to its routers (accept_ra = 1), and would lose
 * its own way out some minutes later: links that listened go on listening (2).
 */
function forwardIpv6(): void {
  if (readText('/proc/sys/net/ipv6/conf/all/forwarding') === '1') return;
  for (const link of namesIn('/proc/sys/net/ipv6/conf')) {
    const isListening = readText(`/proc/sys/net/ipv6/conf/${link}/accept_ra`) === '1';
    if (isListening && link !== 'all' && link !== 'lo') setSysctl(`ipv6/conf/${link}/accept_ra`, '2');
  }
  setSysctl('ipv6/conf/all/forwarding', '1');
}

function mtuOfLinks(): { linkMtu: number; uplinkMtu: number } {
  const mtu = uplinkMtu();
  return { linkMtu: Math.max(mtu, 1500), uplinkMtu: mtu };
}

function uplinkMtu(): number {
  if (userNetwork !== undefined) return 65_520; // pasta's: what carries so much is fast, and its way out is no link
  const device = uplink();
  const mtu = device === undefined ? Number.NaN : Number(readText(`${linkFolder}/${device}/mtu`));
  return Number.isInteger(mtu) && mtu >= 68 ? Math.min(mtu, 65_535) : 1500;
}

function hasNamespace(name: string): boolean {
  return existsSync(join(namespaceFolder, name));
}

function hasLink(name: string): boolean {
  return existsSync(`${linkFolder}/${name}`);
}

/** Tells a bridge that was made whole from one of the same name that was not. */
function markOf({ bridge, subnet = '', subnet6 = '' }: BridgeNetwork): string {
  return `${readText(`${linkFolder}/${bridge}/ifindex`)} ${subnet} ${subnet6}`.trim();
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}
