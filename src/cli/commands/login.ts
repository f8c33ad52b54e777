import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import { ask, readInput } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';

interface Options extends RegistryOptions {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: true;
}

/** `login [-u USER] [REGISTRY]` */
export function configureLogin(command: Command, cli: Cli): void {
  examples(
    registryOptions(command),
    'plimsoll login registry.example:5000',
    'pass registry | plimsoll login -u sailor --password-stdin registry.example',
  )
    .argument('[registry]', 'Its host', 'docker.io')
    .option('-u, --username <name>', 'User name')
    .option('-p, --password <password>', 'Password; others on this machine can see it here')
    .option('--password-stdin', 'Read the password from the input')
    .action((registry: string, options: Options) => login(cli, registry, options));
}

async function login(cli: Cli, registry: string, options: Options): Promise<void> {
  if (options.password !== undefined && options.passwordStdin) {
    throw badOption('--password and --password-stdin exclude one another', 'leave one of them out');
  }
  const hint = 'give --username and --password-stdin';
  if (options.passwordStdin && options.username === undefined) throw badOption('there is no user name', hint);
  const username = options.username ?? (await ask(cli, 'User name: ', { hint }));
  const password = await passwordOf(cli, options, hint);
  const engine = await cli.engine();
  const { file } = await engine.registries.login({
    registry,
    username,
    password,
    signal: cli.signal,
    ...registryAccess(options),
  });
  if (file !== undefined) {
    const words = `the password is kept readable in ${file}; a credential helper would hide it`;
    cli.stderr.write(`plimsoll: warning: ${cleanText(words)}\n`);
  }
  cli.stdout.write('Login Succeeded\n');
}

async function passwordOf(cli: Cli, options: Options, hint: string): Promise<string> {
  if (options.password !== undefined) return options.password;
  if (options.passwordStdin) return await readInput(cli);
  return await ask(cli, 'Password: ', { secret: true, hint });
}
