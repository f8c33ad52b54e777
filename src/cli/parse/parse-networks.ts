import { isIPv4, isIPv6 } from 'node:net';
import type { ContainerSpec, NetworkAttachment } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

/** The options of `run` and `create` about networks, as typed. */
export interface NetworkOptions {
  readonly network?: readonly string[];
  readonly net?: readonly string[];
  readonly networkAlias?: readonly string[];
  readonly netAlias?: readonly string[];
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly link?: readonly string[];
}

/**
 * What they say of a spec; nothing if none was given. A network is a name, or docker's long form
 * `name=NAME,alias=ALIAS,ip=ADDRESS,ip6=ADDRESS,mac-address=MAC`. The short options are about the first network.
 */
export function parseNetworks(options: NetworkOptions): Pick<ContainerSpec, 'network' | 'attachments'> {
  const named = [...(options.network ?? []), ...(options.net ?? [])].map(parseAttachment);
  const aliases = [...(options.networkAlias ?? []), ...(options.netAlias ?? [])];
  const { ip, ip6, macAddress, link } = options;
  const [given, ...others] = named;
  const first: NetworkAttachment = {
    ...(given ?? { network: 'bridge' }),
    ...(aliases.length === 0 ? {} : { aliases: [...(given?.aliases ?? []), ...aliases] }),
    ...(ip === undefined ? {} : { address: parseAddress(ip) }),
    ...(ip6 === undefined ? {} : { address6: parseAddress6(ip6) }),
    ...(macAddress === undefined ? {} : { mac: parseMac(macAddress) }),
    ...(link === undefined ? {} : { links: link.map(parseLink) }),
  };
  const all = [first, ...others];
  const plain = all.length === 1 && Object.keys(first).length === 1;
  return {
    ...(given === undefined ? {} : { network: given.network }),
    ...(plain ? {} : { attachments: all }),
  };
}

/** One `--network`. */
function parseAttachment(text: string): NetworkAttachment {
  if (!text.includes('=')) return { network: text };
  const attachment: {
    network: string;
    aliases?: string[];
    address?: string;
    address6?: string;
    mac?: string;
  } = {
    network: '',
  };
  for (const field of text.split(',')) {
    const [key = '', value = ''] = [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)];
    if (key === 'name') attachment.network = value;
    else if (key === 'alias') attachment.aliases = [...(attachment.aliases ?? []), value];
    else if (key === 'ip') attachment.address = parseAddress(value);
    else if (key === 'ip6') attachment.address6 = parseAddress6(value);
    else if (key === 'mac-address') attachment.mac = parseMac(value);
    else throw badOption(`"${field}" says nothing about a network`, 'write name=NAME,alias=ALIAS,ip=ADDRESS');
  }
  if (attachment.network === '') throw badOption(`"${text}" names no network`, 'write name=NAME,alias=ALIAS');
  return attachment;
}

/** One `--dns`. */
export function parseNameServer(text: string): string {
  const address = text.trim();
  if (isIPv4(address) || isIPv6(address)) return address;
  throw badOption(
    `--dns: "${text}" is not an IP address`,
    'write the address of the name server, such as 10.0.0.53',
  );
}

/** One `--dns-search`; `.` stands for none. */
export function parseSearchDomain(text: string): string {
  const domain = text.trim();
  const isDomain =
    /[a-z]/i.test(domain) && domain.length < 255 && domain.replace(/\.$/, '').split('.').every(isLabel);
  if (domain === '.' || isDomain) return domain;
  throw badOption(
    `--dns-search: "${text}" is not a domain`,
    "write one domain, such as example.com; or '.' for none",
  );
}

/** Of a domain: letters, digits and hyphens; services write underscores too. */
function isLabel(label: string): boolean {
  return /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(label);
}

/** An IPv4 address. */
export function parseAddress(text: string): string {
  if (isIPv4(text)) return text;
  throw badOption(`"${text}" is not an IPv4 address`, 'write it as 10.20.0.5');
}

/** An IPv6 address. */
export function parseAddress6(text: string): string {
  if (isIPv6(text)) return text;
  throw badOption(`"${text}" is not an IPv6 address`, 'write it as fd12:3456:789a::5');
}

function parseLink(text: string): { container: string; alias: string } {
  const [container = '', alias = container, ...more] = text.split(':');
  if (more.length === 0) return { container, alias };
  throw badOption(`"${text}" is no link`, 'write CONTAINER:ALIAS, such as db:database');
}

function parseMac(text: string): string {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text))
    throw badOption(`"${text}" is not a hardware address`, 'write it as 02:42:ac:11:00:02');
  const isOfMany = Number.parseInt(text.slice(0, 2), 16) % 2 === 1;
  if (!isOfMany && text !== '00:00:00:00:00:00') return text.toLowerCase();
  const why = isOfMany ? 'it stands for many' : 'it is all zeros';
  throw badOption(
    `"${text}" cannot be the hardware address of a container: ${why}`,
    isOfMany ? 'its first byte must be even: write it as 02:42:ac:11:00:02' : 'write it as 02:42:ac:11:00:02',
  );
}
