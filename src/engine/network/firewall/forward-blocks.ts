import { readFileSync } from 'node:fs';
import { run } from '../../kernel/index.ts';
import { endsInDrop, forwardChains, letsThrough } from './read-chains.ts';

/** A chain of somebody else's firewall that drops what the host forwards, and knows nothing of our bridges. */
export interface ForwardBlock {
  /** As nft names it: `ip filter FORWARD`. */
  readonly chain: string;
  readonly keeper: 'ufw' | 'firewalld' | 'iptables' | 'nftables';
  /** A command for root that lets our bridges through. */
  readonly advice: string;
}

/**
 * What closes published ports from outside: a drop in any chain is final, and no accept of ours undoes it. It is the
 * host's word, so that it is told rather than changed. `chains` is what `nft list chains` printed, if that is known
 * already; `bridge` the one that must get through (default: any of ours). Looks only; empty if nothing can be seen.
 */
export async function forwardBlocks(
  options: { readonly bridge?: string; readonly chains?: string } = {},
): Promise<ForwardBlock[]> {
  const { bridge = 'plb', chains } = options;
  const listing = chains ?? (await nft('list', 'chains'));
  const found: ForwardBlock[] = [];
  for (const { family, table, name, isDropping } of forwardChains(listing)) {
    if (/^plimsoll_/.test(table)) continue;
    const place = [family, table, name];
    if (!isDropping && !endsInDrop(await nft('list', 'chain', ...place))) continue;
    const rules = await nft('list', 'table', family, table);
    // Docker's is opened when a bridge is made, and for that one only.
    const willOpen = options.bridge === undefined && rules.includes('DOCKER-USER');
    if (!willOpen && !letsThrough(rules, bridge)) found.push(block(place, rules, bridge));
  }
  return [...found, ...(await legacyBlocks(bridge))];
}

/** The tables of the kernel's old iptables are seen by its own command alone; they exist once somebody has used it. */
async function legacyBlocks(bridge: string): Promise<ForwardBlock[]> {
  if (!hasLegacyTables()) return [];
  const { stdout } = await run('iptables-legacy', ['-w', '-S']).catch(() => ({ stdout: '' }));
  if (!/^-P FORWARD DROP$/m.test(stdout) || letsThrough(stdout, bridge)) return [];
  return [block(['ip', 'filter', 'FORWARD'], stdout, bridge, 'iptables-legacy')];
}

/** True where tables of the kernel's old iptables are in use. */
export function hasLegacyTables(path = '/proc/net/ip_tables_names'): boolean {
  try {
    return readFileSync(path, 'latin1').split('\n').includes('filter');
  } catch {
    return false;
  }
}

function block(place: readonly string[], rules: string, bridge: string, iptables = 'iptables'): ForwardBlock {
  const chain = place.join(' ');
  const [family = '', table = ''] = place;
  const anyOf = (wildcard: string) => (bridge === 'plb' ? `plb${wildcard}` : bridge);
  if (table === 'firewalld') {
    const advice = `sudo firewall-cmd --zone=trusted --add-interface=${anyOf('+')}`;
    return { chain, keeper: 'firewalld', advice };
  }
  if (/\bufw6?-/.test(rules)) {
    const [from, to] = ['in', 'out'].map(way => `sudo ufw route allow ${way} on ${anyOf('+')}`);
    return { chain, keeper: 'ufw', advice: `${to} && ${from}` };
  }
  if (table === 'filter' && place[2] === 'FORWARD') {
    const command = family === 'ip6' ? iptables.replace('ip', 'ip6') : iptables;
    const [from, to] = ['i', 'o'].map(way => `sudo ${command} -I FORWARD -${way} ${anyOf('+')} -j ACCEPT`);
    return { chain, keeper: 'iptables', advice: `${to} && ${from}` };
  }
  const [from, to] = ['iifname', 'oifname'].map(
    way => `sudo nft insert rule ${chain} ${way} '"${anyOf('*')}"' accept`,
  );
  return { chain, keeper: 'nftables', advice: `${to} && ${from}` };
}

/** Without elements of sets, which may be many. */
async function nft(...args: string[]): Promise<string> {
  return (await run('nft', ['-t', ...args]).catch(() => ({ stdout: '' }))).stdout;
}
