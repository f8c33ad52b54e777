import { findExecutable, run } from '../../kernel/index.ts';

/** The mark of answers, and the number of the routing table that leads them. Nobody else sets any in a user's network. */
const mark = 0x706c;
const table = 0x706c;

/**
 * A relay that connects from its client's own address (IP_TRANSPARENT) would never hear an answer: the container sends it
 * out to the client. So what comes for such a socket is marked in the network namespace that this thread is in, and what
 * is marked is delivered there, whatever its address. False where nft(8), ip(8) or the kernel cannot do it.
 */
export async function leadAnswersBack(): Promise<boolean> {
  const rules = [
    'table ip plimsoll_clients {}',
    'delete table ip plimsoll_clients',
    'table ip plimsoll_clients {',
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
  return (
    (await isDone('ip', ['route', 'replace', 'local', 'default', 'dev', 'lo', 'table', String(table)])) &&
    (await isDone('ip', ['rule', 'add', 'fwmark', String(mark), 'lookup', String(table)])) &&
    (await isDone('nft', ['-f', '-'], rules.join('\n')))
  );
}
