import type { IPVersion } from 'node:net';
import { findExecutable, run } from '../../kernel/index.ts';

/** The mark of answers, and the number of the routing table that leads them. Nobody else sets any in a user's network. */
const mark = 0x706c;
const table = 0x706c;

/** nft's and ip's words for each kind of IP. */
const families = {
  ipv4: { table: 'ip', option: '-4' },
  ipv6: { table: 'ip6', option: '-6' },
} as const;

/**
 * A relay that connects from its client's own address (IP_TRANSPARENT) would never hear an answer: the container sends it
 * out to the client. So what comes for such a socket is marked in the network namespace that this thread is in, and what
 * is marked is delivered there, whatever its address. Resolves with the kinds of IP of which nft(8), ip(8) and the kernel
 * can do so.
 */
export async function leadAnswersBack(): Promise<IPVersion[]> {
  const kinds: IPVersion[] = [];
  for (const kind of ['ipv4', 'ipv6'] as const) if (await leadBack(kind)) kinds.push(kind);
  return kinds;
}

async function leadBack(kind: IPVersion): Promise<boolean> {
  const { table: family, option } = families[kind];
  const rules = [
    `table ${family} plimsoll_clients {}`,
    `delete table ${family} plimsoll_clients`,
    `table ${family} plimsoll_clients {`,
    '  chain answers {',
    '    type filter hook prerouting priority -150', // before a published port could lead it elsewhere
    `    meta l4proto { tcp, udp } socket transparent 1 meta mark set ${mark}`,
    '  }',
    '}',
    '',
  ];
  const isDone = async (command: string, args: readonly string[], input = '') => {
    const result = await run(findExecutable(command) ?? command, args, { input }).catch(() => undefined);
    return result?.code === 0 || /File exists/.test(result?.stderr ?? '');
  };
  const ip = (words: string) => isDone('ip', [option, ...words.split(' ')]);
  return (
    (await ip(`route replace local default dev lo table ${table}`)) &&
    (await ip(`rule add fwmark ${mark} lookup ${table}`)) &&
    (await isDone('nft', ['-f', '-'], rules.join('\n')))
  );
}
