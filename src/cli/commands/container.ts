import type { Command } from 'commander';
import { humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { type PruneFilters, parsePruneFilters, pruneFilters, writeDeleted } from '../prune-filters.ts';
import { configureAttach } from './attach.ts';
import { configureCommit } from './commit.ts';
import { configureCp } from './cp.ts';
import { configureCreate } from './create.ts';
import { configureDiff } from './diff.ts';
import { configureExec } from './exec.ts';
import { configureExport } from './export.ts';
import { configureInspectOf } from './inspect.ts';
import { configureKill } from './kill.ts';
import { configureLogs } from './logs.ts';
import { configurePause } from './pause.ts';
import { configurePort } from './port.ts';
import { configurePs } from './ps.ts';
import { configureRename } from './rename.ts';
import { configureRestart } from './restart.ts';
import { configureRm } from './rm.ts';
import { configureRun } from './run.ts';
import { configureStart } from './start.ts';
import { configureStats } from './stats.ts';
import { configureStop } from './stop.ts';
import { configureTop } from './top.ts';
import { configureUnpause } from './unpause.ts';
import { configureUpdate } from './update.ts';
import { configureWait } from './wait.ts';

/** `container VERB`: the verbs of containers once more, as docker groups them, and `container prune`. */
export function configureContainer(command: Command, cli: Cli): void {
  command.enablePositionalOptions();
  for (const [name, summary, configure] of verbs) configure(command.command(name).description(summary), cli);
  command.commands.find(child => child.name() === 'ls')?.aliases(['ps', 'list']);
}

const verbs: readonly (readonly [string, string, (command: Command, cli: Cli) => void])[] = [
  ['attach', "Connect this terminal to a container's own", configureAttach],
  ['commit', 'Make an image of a container as it stands', configureCommit],
  ['cp', 'Copy files into a container, or out of it', configureCp],
  ['create', 'Create a container without starting it', configureCreate],
  ['diff', 'List what a container has changed in its image', configureDiff],
  ['exec', 'Run a command in a running container', configureExec],
  ['export', "Write a container's file system as a tar", configureExport],
  ['inspect', 'Print all that is known of containers', configureInspectOf('container')],
  ['kill', 'Send a signal to containers', configureKill],
  ['logs', "Print a container's output", configureLogs],
  ['ls', 'List containers', configurePs],
  ['pause', 'Freeze all processes of containers', configurePause],
  ['port', 'List published ports of a container', configurePort],
  ['prune', 'Remove all stopped containers', configurePrune],
  ['rename', 'Rename a container', configureRename],
  ['restart', 'Stop and start containers', configureRestart],
  ['rm', 'Remove containers', configureRm],
  ['run', 'Create and start a container', configureRun],
  ['start', 'Start stopped containers', configureStart],
  ['stats', 'Watch what containers use', configureStats],
  ['stop', 'Stop containers', configureStop],
  ['top', "List a container's processes", configureTop],
  ['unpause', 'Let frozen containers go on', configureUnpause],
  ['update', 'Change limits of containers while they run', configureUpdate],
  ['wait', 'Wait until containers exit, and print their exit codes', configureWait],
];

function configurePrune(command: Command, cli: Cli): void {
  pruneFilters(
    examples(command, 'plimsoll container prune', 'plimsoll container prune --filter until=24h'),
    cli,
    () => 'all stopped containers',
  ).action(async (options: PruneFilters) => {
    const conditions = parsePruneFilters(options);
    const engine = await cli.engine();
    const { deleted, reclaimedBytes } = await engine.containers.prune(conditions);
    writeDeleted(cli, 'Containers', deleted);
    cli.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
  });
}
