import { parseCidr, parseIpv4, size } from '../ipv4.ts';
import { isAddress6, parseIpv6 } from '../ipv6.ts';
import { modeNumbers, type ParentDriver, type ParentMode } from '../parent/parent-mode.ts';
import { encodeAttributes, type NetlinkRequest } from './message.ts';

// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
const RTM = { newLink: 16, deleteLink: 17, getLink: 18, newAddress: 20, newRoute: 24 } as const;
const NLM_F_NEW = 0x600; // NLM_F_CREATE | NLM_F_EXCL
const IFF_UP = 1;
const AF = { inet: 2, inet6: 10 } as const;
const IFLA_MACVLAN_MODE = 1;
const IFLA_IPVLAN = { mode: 1, flags: 2 } as const;
const IFA_F_NODAD = 2;
const IFLA = { address: 1, name: 3, mtu: 4, link: 5, master: 10, linkInfo: 18, namespaceFd: 28 } as const;
const IFLA_INFO = { kind: 1, data: 2, slaveKind: 4, slaveData: 5 } as const;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4; // hairpin
const IFA = { address: 1, local: 2, broadcast: 4 } as const;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_METRICS = 8;
const RTAX_MTU = 2;
const ROUTE = { mainTable: 254, byAdministrator: 3, onLink: 253, unicast: 1 } as const; // RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST

/** Asks for a link; `linkIndex` reads its number from the answer. */
export function getLink(name: string): NetlinkRequest {
  const attributes = [[IFLA.name, name]] as const;
  return { type: RTM.getLink, fixed: linkHeader(), attributes, purpose: `find the link "${name}"` };
}

/** The number of the link that an answer to `getLink` is about. */
export function linkIndex(body: Buffer): number {
  return body.readInt32LE(4);
}

/** Makes a pair of links: one here, up and on a bridge, and one in another network namespace, down. */
export function addPair(pair: {
  readonly host: string;
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  /** A descriptor of the other namespace. */
  readonly namespace: number;
  /** The bridge's number. */
  readonly bridge: number;
}): NetlinkRequest {
  const peer = encodeAttributes([
    [IFLA.name, pair.name],
    [IFLA.address, parseMac(pair.mac)],
    [IFLA.mtu, pair.mtu],
    [IFLA.namespaceFd, pair.namespace],
  ]);
  const veth = [VETH_INFO_PEER, Buffer.concat([linkHeader(), peer])] as const;
  return {
    type: RTM.newLink,
    flags: NLM_F_NEW,
    fixed: linkHeader({ isUp: true }),
    attributes: [
      [IFLA.name, pair.host],
      [IFLA.mtu, pair.mtu],
      [IFLA.master, pair.bridge],
      [
        IFLA.linkInfo,
        [
          [IFLA_INFO.kind, 'veth'],
          [IFLA_INFO.data, [veth]],
        ],
      ],
    ],
    purpose: `add the link "${pair.host}"`,
  };
}

/** Makes a link that sits on another one, in another network namespace, down. */
export function addChild(child: {
  readonly name: string;
  readonly kind: ParentDriver;
  readonly mode: ParentMode;
  readonly mac: string | undefined;
  readonly mtu: number;
  /** The parent's number, and its name for messages. */
  readonly parent: number;
  readonly label: string;
  /** A descriptor of the other namespace. */
  readonly namespace: number;
}): NetlinkRequest {
  const { kind, mode, flag } = { kind: child.kind, ...child.mode };
  const numbers: Record<string, number> = modeNumbers[kind];
  const value = numbers[mode] ?? 0;
  const data =
    kind === 'macvlan'
      ? ([[IFLA_MACVLAN_MODE, value]] as const)
      : ([
          [IFLA_IPVLAN.mode, short(value)],
          [IFLA_IPVLAN.flags, short((modeNumbers.flag as Record<string, number>)[flag ?? 'bridge'] ?? 0)],
        ] as const);
  return {
    type: RTM.newLink,
    flags: NLM_F_NEW,
    fixed: linkHeader(),
    attributes: [
      [IFLA.name, child.name],
      ...(child.mac === undefined ? [] : [[IFLA.address, parseMac(child.mac)] as const]),
      [IFLA.mtu, child.mtu],
      [IFLA.link, child.parent],
      [IFLA.namespaceFd, child.namespace],
      [
        IFLA.linkInfo,
        [
          [IFLA_INFO.kind, kind],
          [IFLA_INFO.data, data],
        ],
      ],
    ],
    purpose: `add a link of ${kind} on "${child.label}"`,
  };
}

/** Takes a link away. */
export function deleteLink(name: string): NetlinkRequest {
  const attributes = [[IFLA.name, name]] as const;
  return { type: RTM.deleteLink, fixed: linkHeader(), attributes, purpose: `remove the link "${name}"` };
}

/** Lets a link of a bridge take back what it has sent: so a container reaches itself by its published port. */
export function allowHairpin(name: string): NetlinkRequest {
  const port = [IFLA_INFO.slaveData, [[IFLA_BRPORT_MODE, Uint8Array.of(1)]]] as const;
  return {
    type: RTM.newLink,
    fixed: linkHeader(),
    attributes: [
      [IFLA.name, name],
      [IFLA.linkInfo, [[IFLA_INFO.slaveKind, 'bridge'], port]],
    ],
    purpose: `set up the bridge's link "${name}"`,
  };
}

/** Takes a link into service. */
export function raiseLink(name: string): NetlinkRequest {
  const fixed = linkHeader({ isUp: true });
  return { type: RTM.newLink, fixed, attributes: [[IFLA.name, name]], purpose: `raise the link "${name}"` };
}

/**
 * Gives a link an address with its prefix length, and for IPv4 the broadcast address of its network. IPv6 asks nobody
 * whether it is in use (duplicate address detection): that takes a second, and the database knows.
 */
export function addAddress(link: number, address: string): NetlinkRequest {
  const [own, length] = [address.replace(/\/.*/, ''), Number(address.replace(/.*\//, ''))];
  const network = parseCidr(address);
  const fixed = Buffer.alloc(8); // struct ifaddrmsg: family, prefix length, flags, scope, link
  fixed[0] = familyOf(own);
  fixed[1] = length;
  fixed[2] = network === undefined ? IFA_F_NODAD : 0;
  fixed.writeUInt32LE(link, 4);
  const broadcast = network && ([IFA.broadcast, ipv4(network.base + size(network) - 1)] as const);
  return {
    type: RTM.newAddress,
    flags: NLM_F_NEW,
    fixed,
    attributes: [
      [IFA.local, addressBytes(own)],
      [IFA.address, addressBytes(own)],
      ...(broadcast === undefined ? [] : [broadcast]),
    ],
    purpose: `add the address ${address}`,
  };
}

/** Sends all that has no nearer way to a gateway, in packets of at most `mtu` bytes if that is given. */
export function addDefaultRoute(gateway: string, mtu?: number): NetlinkRequest {
  const fixed = Buffer.alloc(12); // struct rtmsg
  fixed.set([familyOf(gateway), 0, 0, 0, ROUTE.mainTable, ROUTE.byAdministrator, 0, ROUTE.unicast]);
  const metrics = mtu === undefined ? [] : [[RTA_METRICS, [[RTAX_MTU, mtu]]] as const];
  const attributes = [[RTA_GATEWAY, addressBytes(gateway)] as const, ...metrics];
  return { type: RTM.newRoute, flags: NLM_F_NEW, fixed, attributes, purpose: `add the route by ${gateway}` };
}

/** Sends all that has no nearer way out of a link, which asks nobody for the next station (ipvlan's l3). */
export function addDefaultRouteBy(link: number, family: keyof typeof AF): NetlinkRequest {
  const fixed = Buffer.alloc(12);
  fixed.set([AF[family], 0, 0, 0, ROUTE.mainTable, ROUTE.byAdministrator, ROUTE.onLink, ROUTE.unicast]);
  const attributes = [[RTA_OIF, link]] as const;
  return { type: RTM.newRoute, flags: NLM_F_NEW, fixed, attributes, purpose: 'add the route by the link' };
}

function familyOf(address: string): number {
  return isAddress6(address) ? AF.inet6 : AF.inet;
}

function addressBytes(text: string): Buffer {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return ipv4(v4);
  const v6 = parseIpv6(text);
  if (v6 !== undefined) return Buffer.from(v6.toString(16).padStart(32, '0'), 'hex');
  throw new TypeError(`"${text}" is not an address`);
}

/** struct ifinfomsg: family, type, number, flags, and which flags to change. */
function linkHeader({ isUp = false } = {}): Buffer {
  const header = Buffer.alloc(16);
  if (isUp) {
    header.writeUInt32LE(IFF_UP, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  return header;
}

function ipv4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function parseMac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
