import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import { shellWord } from '../../lib/shell-word.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

interface InstallOptions {
  readonly user?: true;
  readonly daemon?: true;
  readonly dryRun?: true;
}

/** `system install|uninstall|boot`: what the machine does for a root when it boots. */
export function configureSystemUnits(command: Command, cli: Cli): void {
  examples(
    command
      .command('install')
      .description('Let systemd start containers after a boot, as their restart policies say'),
    'plimsoll system install --dry-run',
    'sudo plimsoll system install',
    'plimsoll system install --user',
    'sudo plimsoll system install --daemon',
  )
    .option('--user', 'For containers of your own, by your own systemd')
    .option(
      '--daemon',
      'Also the Docker API: a socket of systemd, and the daemon that its first client starts',
    )
    .option('--dry-run', 'Print what would be written and run, and do nothing')
    .action((options: InstallOptions) => install(cli, options));
  examples(
    command.command('uninstall').description('Take away what install has written'),
    'sudo plimsoll system uninstall',
  )
    .option('--user', 'Of your own systemd')
    .action(async ({ user }: { user?: true }) => {
      const { units } = await cli.engine();
      const gone = await units.uninstall({ user: user === true });
      for (const path of gone) cli.stdout.write(`removed ${path}\n`);
      if (gone.length === 0) cli.stdout.write('there is nothing to remove\n');
    });
  examples(
    command.command('boot').description('Carry out restart policies after a boot; what the unit calls'),
    'plimsoll system boot',
  ).action(() => boot(cli));
}

async function install(cli: Cli, { user, daemon, dryRun }: InstallOptions): Promise<void> {
  const { units } = await cli.engine();
  const request = { user: user === true, daemon: daemon === true };
  if (dryRun) {
    const { units: planned, commands, advice } = units.plan(request);
    for (const { path, text } of planned) cli.stdout.write(`# ${path}\n${text}\n`);
    for (const words of commands) cli.stdout.write(`# then: ${words.map(shellWord).join(' ')}\n`);
    for (const sentence of advice) cli.stdout.write(`# ${sentence}\n`);
    return;
  }
  const { units: written, advice } = await units.install(request);
  for (const { path, enabled } of written)
    cli.stdout.write(`wrote ${path}${enabled ? ', and enabled it' : ''}\n`);
  for (const sentence of advice) cli.stderr.write(`plimsoll: ${sentence}\n`);
}

/** Opening the engine has brought all in line already: this says what runs, and fails where something should and does not. */
async function boot(cli: Cli): Promise<void> {
  const { containers } = await cli.engine();
  const running = containers.list().map(({ name }) => name);
  cli.stdout.write(
    `${cleanText(`${running.length} running${running.length > 0 ? ': ' : ''}${running.join(', ')}`)}\n`,
  );
  for (const { name, state } of containers.list({ all: true })) {
    if (state.status !== 'exited' || state.error === undefined) continue;
    const policy = containers.inspect(name).spec.restart?.name ?? 'no';
    if (policy !== 'always' && policy !== 'unless-stopped') continue;
    cli.stderr.write(`${cleanText(`plimsoll: ${name} could not be started: ${state.error}`)}\n`);
    cli.setExitCode(1);
  }
}
