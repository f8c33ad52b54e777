import { run, runOrThrow } from '../../kernel/index.ts';
import { hasLegacyTables } from './forward-blocks.ts';

/** The kinds of IP that a bridge carries. */
export type Family = 'ip' | 'ip6';

/** Docker drops what it does not know in FORWARD, and offers the chain DOCKER-USER to say what else may pass. */
export async function admitDocker(bridge: string, families: readonly Family[]): Promise<void> {
  for (const command of await commandsOfDocker(families)) {
    for (const rule of dockerRules(bridge)) {
      const known = await run(command, ['-w', '-C', 'DOCKER-USER', ...rule]);
      if (known.code !== 0) await runOrThrow(command, ['-w', '-I', 'DOCKER-USER', ...rule]);
    }
  }
}

/** Takes back what `admitDocker` said, for both kinds of IP. */
export async function dismissDocker(bridge: string): Promise<void> {
  for (const command of await commandsOfDocker(['ip', 'ip6'])) {
    for (const rule of dockerRules(bridge)) await run(command, ['-w', '-D', 'DOCKER-USER', ...rule]);
  }
}

/** Towards the bridge our own table decides; from it, everything may leave. */
function dockerRules(bridge: string): string[][] {
  return [
    ['-i', bridge, '-j', 'ACCEPT'],
    ['-o', bridge, '-j', 'ACCEPT'],
  ];
}

/**
 * The iptables commands that speak to the tables which have the chain: the kernel's nf_tables or its old ones,
 * whichever Docker uses. A look by nft(8) costs a few milliseconds, and only where a bridge is made or taken away.
 */
async function commandsOfDocker(families: readonly Family[]): Promise<string[]> {
  const commands = await Promise.all(
    families.map(async family => {
      const name = family === 'ip' ? 'iptables' : 'ip6tables';
      const inNft = await succeeds('nft', ['list', 'chain', family, 'filter', 'DOCKER-USER']);
      if (inNft) return await firstThatKnows([`${name}-nft`, name]);
      const legacy = hasLegacyTables(`/proc/net/${family}_tables_names`);
      return legacy ? await firstThatKnows([`${name}-legacy`, name]) : undefined;
    }),
  );
  return commands.filter(command => command !== undefined);
}

async function firstThatKnows(commands: readonly string[]): Promise<string | undefined> {
  for (const command of commands) {
    if (await succeeds(command, ['-w', '-n', '-L', 'DOCKER-USER'])) return command;
  }
  return undefined;
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args).catch(() => undefined))?.code === 0;
}
