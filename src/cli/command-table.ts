import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** Gives a bare command its arguments, options, examples and action. */
export type Configure = (command: Command, cli: Cli) => void;

/** A verb: its line in the help, and where the rest of it is, loaded only when it is wanted. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly load: () => Promise<Configure>;
}

const build = 'Build and images';
const run = 'Run containers';
const look = 'Look at them';
const machine = 'The machine';

/** Every verb, in the order of the help. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: 'Build an image from a Dockerfile',
    group: build,
    load: async () => (await import('./commands/build.ts')).configureBuild,
  },
  {
    name: 'images',
    summary: 'List images',
    group: build,
    load: async () => (await import('./commands/images.ts')).configureImages,
  },
  {
    name: 'rmi',
    summary: 'Remove images',
    group: build,
    load: async () => (await import('./commands/rmi.ts')).configureRmi,
  },
  {
    name: 'tag',
    summary: 'Give an image one more name',
    group: build,
    load: async () => (await import('./commands/tag.ts')).configureTag,
  },
  {
    name: 'image',
    summary: 'Make base images without a registry (bootstrap); list, remove, prune',
    group: build,
    load: async () => (await import('./commands/image.ts')).configureImage,
  },
  {
    name: 'builder',
    summary: 'Free the build cache (prune)',
    group: build,
    load: async () => (await import('./commands/builder.ts')).configureBuilder,
  },
  {
    name: 'run',
    summary: 'Create and start a container',
    group: run,
    load: async () => (await import('./commands/run.ts')).configureRun,
  },
  {
    name: 'create',
    summary: 'Create a container without starting it',
    group: run,
    load: async () => (await import('./commands/create.ts')).configureCreate,
  },
  {
    name: 'start',
    summary: 'Start stopped containers',
    group: run,
    load: async () => (await import('./commands/start.ts')).configureStart,
  },
  {
    name: 'stop',
    summary: 'Stop containers: a signal, some patience, then SIGKILL',
    group: run,
    load: async () => (await import('./commands/stop.ts')).configureStop,
  },
  {
    name: 'restart',
    summary: 'Stop and start containers',
    group: run,
    load: async () => (await import('./commands/restart.ts')).configureRestart,
  },
  {
    name: 'kill',
    summary: 'Send a signal to containers',
    group: run,
    load: async () => (await import('./commands/kill.ts')).configureKill,
  },
  {
    name: 'pause',
    summary: 'Freeze all processes of containers',
    group: run,
    load: async () => (await import('./commands/pause.ts')).configurePause,
  },
  {
    name: 'unpause',
    summary: 'Let frozen containers go on',
    group: run,
    load: async () => (await import('./commands/unpause.ts')).configureUnpause,
  },
  {
    name: 'rm',
    summary: 'Remove containers',
    group: run,
    load: async () => (await import('./commands/rm.ts')).configureRm,
  },
  {
    name: 'exec',
    summary: 'Run a command in a running container',
    group: run,
    load: async () => (await import('./commands/exec.ts')).configureExec,
  },
  {
    name: 'attach',
    summary: "Connect this terminal to a container's own",
    group: run,
    load: async () => (await import('./commands/attach.ts')).configureAttach,
  },
  {
    name: 'rename',
    summary: 'Rename a container',
    group: run,
    load: async () => (await import('./commands/rename.ts')).configureRename,
  },
  {
    name: 'update',
    summary: 'Change limits of containers while they run',
    group: run,
    load: async () => (await import('./commands/update.ts')).configureUpdate,
  },
  {
    name: 'wait',
    summary: 'Wait until containers exit, and print their exit codes',
    group: run,
    load: async () => (await import('./commands/wait.ts')).configureWait,
  },
  {
    name: 'container',
    summary: 'Remove all stopped containers (prune)',
    group: run,
    load: async () => (await import('./commands/container.ts')).configureContainer,
  },
  {
    name: 'ps',
    summary: 'List containers',
    group: look,
    load: async () => (await import('./commands/ps.ts')).configurePs,
  },
  {
    name: 'logs',
    summary: "Print a container's output",
    group: look,
    load: async () => (await import('./commands/logs.ts')).configureLogs,
  },
  {
    name: 'stats',
    summary: 'Watch what containers use',
    group: look,
    load: async () => (await import('./commands/stats.ts')).configureStats,
  },
  {
    name: 'top',
    summary: "List a container's processes",
    group: look,
    load: async () => (await import('./commands/top.ts')).configureTop,
  },
  {
    name: 'inspect',
    summary: 'Print all that is known of containers, images, volumes or networks',
    group: look,
    load: async () => (await import('./commands/inspect.ts')).configureInspect,
  },
  {
    name: 'events',
    summary: 'Print what happens, as it happens',
    group: look,
    load: async () => (await import('./commands/events.ts')).configureEvents,
  },
  {
    name: 'port',
    summary: 'List published ports of a container',
    group: look,
    load: async () => (await import('./commands/port.ts')).configurePort,
  },
  {
    name: 'volume',
    summary: 'Manage volumes (ls, create, inspect, rm)',
    group: machine,
    load: async () => (await import('./commands/volume.ts')).configureVolume,
  },
  {
    name: 'network',
    summary: 'Look at networks (ls, inspect)',
    group: machine,
    load: async () => (await import('./commands/network.ts')).configureNetwork,
  },
  {
    name: 'doctor',
    summary: 'Check what this machine can do, with a fix for what it cannot',
    group: machine,
    load: async () => (await import('./commands/doctor.ts')).configureDoctor,
  },
  {
    name: 'demo',
    summary: 'Five small services to look at (up, down)',
    group: machine,
    load: async () => (await import('./commands/demo.ts')).configureDemo,
  },
  {
    name: 'system',
    summary: 'Prove the root consistent (check), or describe it (info)',
    group: machine,
    load: async () => (await import('./commands/system.ts')).configureSystem,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of bash, zsh or fish',
    group: machine,
    load: async () => (await import('./commands/completion.ts')).configureCompletion,
  },
  {
    name: 'version',
    summary: 'Print the version',
    group: machine,
    load: async () => (await import('./commands/version.ts')).configureVersion,
  },
];
