import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isolationOf } from '../build-request.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { extraHost } from '../container-spec.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { parseSecrets } from '../parse/parse-secret.ts';
import { parseSsh } from '../parse/parse-ssh.ts';

interface RunOptions {
  readonly env?: string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly volume?: string[];
  readonly mount?: string[];
  readonly contextdir?: string;
  readonly network?: 'bridge' | 'default' | 'host' | 'none';
  readonly addHost?: string[];
  readonly secret?: string[];
  readonly ssh?: string[];
  readonly isolation?: 'default' | 'oci' | 'chroot';
  readonly privileged?: true;
  readonly terminal?: true;
}

/** `work run CONTAINER COMMAND...` */
export function configureRun(command: Command, cli: Cli): void {
  const run = command.command('run').description('Run a command in a working container');
  examples(run, 'plimsoll work run web -- make install', 'plimsoll work run -t web sh')
    .argument('<container>')
    .argument('<command...>')
    .passThroughOptions()
    .option('-e, --env <name=value>', 'Variable for this command alone', collect)
    .option('--user <user>', 'Who runs it, as USER has it')
    .option('--workdir <folder>', 'Where it runs')
    .option('-v, --volume <mount>', 'A folder of this machine: SOURCE:TARGET[:ro]', collect)
    .option('--mount <mount>', 'As RUN --mount in a Dockerfile: type=cache,target=/root/.cache', collect)
    .option('--contextdir <folder>', 'What bind mounts without a from are of (default: /)')
    .addOption(
      new Option('--network <network>', 'Its network').choices(['bridge', 'default', 'host', 'none']),
    )
    .option('--add-host <host:address>', 'Line of /etc/hosts', collect)
    .option('--secret <secret>', 'Lend a secret: id=NAME,src=FILE or id=NAME,env=VARIABLE', collect)
    .option('--ssh <agent>', 'Lend an ssh agent: default, ID=SOCKET or ID=KEY', collect)
    .addOption(
      new Option('--isolation <kind>', 'oci (default), or chroot where containers cannot be had').choices([
        'default',
        'oci',
        'chroot',
      ]),
    )
    .option('--privileged', 'With everything that the caller may do')
    .option('-t, --terminal', 'With this terminal')
    .action((name: string, words: string[], options: RunOptions) => runCommand(cli, name, words, options));
}

async function runCommand(cli: Cli, name: string, args: string[], options: RunOptions): Promise<void> {
  const { user, workdir, volume = [], mount = [], contextdir, network, privileged, terminal } = options;
  if (terminal && cli.stdin.isTTY !== true) throw badOption('the input is no terminal', 'leave -t out');
  const engine = await cli.engine();
  const code = await engine.works.run(name, {
    args: args[0] === '--' ? args.slice(1) : args,
    env: parsePairs(options.env ?? [], '--env'),
    mounts: mount,
    volumes: volume.map(text => parseVolume(text, cli.cwd)),
    hosts: (options.addHost ?? []).map(extraHost),
    secrets: parseSecrets(options.secret ?? [], cli),
    ssh: parseSsh(options.ssh ?? [], cli),
    ...isolationOf(options.isolation, cli.env),
    ...(user === undefined ? {} : { user }),
    ...(workdir === undefined ? {} : { cwd: workdir }),
    ...(contextdir === undefined ? {} : { contextFolder: resolve(cli.cwd, contextdir) }),
    ...(network === undefined ? {} : { network: network === 'default' ? 'bridge' : network }),
    ...(privileged ? { privileged } : {}),
    ...(terminal ? { terminal } : {}),
    signal: cli.signal,
    onOutput: (stream, chunk) => void cli[stream].write(chunk),
  });
  cli.setExitCode(code);
}

function parseVolume(text: string, cwd: string) {
  const [source = '', target = '', mode = 'rw', ...more] = text.split(':');
  if (source === '' || !target.startsWith('/') || more.length > 0 || !/^(rw|ro|z|Z)$/.test(mode))
    throw badOption(`"${text}" is not a volume`, 'write SOURCE:TARGET or SOURCE:TARGET:ro');
  return { source: resolve(cwd, source), target, readOnly: mode === 'ro' };
}
