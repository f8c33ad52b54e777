/** A base chain at the forward hook. */
interface ForwardChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Its policy is to drop. */
  readonly isDropping: boolean;
}

/** The chains in what `nft list chains` prints that see what the host forwards. */
export function forwardChains(listing: string): ForwardChain[] {
  const found: ForwardChain[] = [];
  let [family, table, name] = ['', '', ''];
  for (const line of listing.split('\n')) {
    const inTable = /^table (\S+) (\S+) \{/.exec(line);
    if (inTable !== null) [, family = '', table = ''] = inTable;
    name = /^\tchain (\S+) \{/.exec(line)?.[1] ?? name;
    if (!/^\t\ttype filter hook forward /.test(line) || !['ip', 'ip6', 'inet'].includes(family)) continue;
    found.push({ family, table, name, isDropping: /\bpolicy drop;/.test(line) });
  }
  return found;
}

/** True if the last rule of a chain, as nft lists it, drops or refuses all that has come so far. */
export function endsInDrop(chain: string): boolean {
  const rules = chain.split('\n').filter(line => line.startsWith('\t\t') && !/^\t\ttype /.test(line));
  return /^\t\t(counter packets \d+ bytes \d+ )?(drop|reject\b[^"]*)$/.test(rules.at(-1) ?? '');
}

/**
 * True if rules (of nft or iptables) speak of a bridge of ours, by its name or a wildcard, or accept whatever was
 * published (firewalld does). What they say of it is their business.
 */
export function letsThrough(rules: string, bridge: string): boolean {
  const wildcard = /["\s]plb[*+]/.test(rules);
  const published = /ct status dnat( counter[^"\n]*)? accept|--ctstate DNAT -j ACCEPT/.test(rules);
  return wildcard || published || new RegExp(`["\\s]${bridge}`).test(rules);
}
