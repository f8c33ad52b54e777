import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { configureAdvise } from './commands/advise.ts';
import { configureAlert } from './commands/alert.ts';
import { configureAttach } from './commands/attach.ts';
import { configureBuild } from './commands/build.ts';
import { configureBuilder } from './commands/builder.ts';
import { configureCapacity } from './commands/capacity.ts';
import { configureCommit } from './commands/commit.ts';
import { configureCompletion } from './commands/completion.ts';
import { configureContainer } from './commands/container.ts';
import { configureContext } from './commands/context.ts';
import { configureCp } from './commands/cp.ts';
import { configureCreate } from './commands/create.ts';
import { configureDaemon } from './commands/daemon.ts';
import { configureDemo } from './commands/demo.ts';
import { configureDiff } from './commands/diff.ts';
import { configureDoctor } from './commands/doctor.ts';
import { configureEvents } from './commands/events.ts';
import { configureExec } from './commands/exec.ts';
import { configureExport } from './commands/export.ts';
import { configureExportLimits } from './commands/export-limits.ts';
import { configureFleet } from './commands/fleet.ts';
import { configureGenerate } from './commands/generate.ts';
import { configureHistory } from './commands/history.ts';
import { configureImage } from './commands/image.ts';
import { configureImages } from './commands/images.ts';
import { configureImport } from './commands/import.ts';
import { configureInfo } from './commands/info.ts';
import { configureInspect } from './commands/inspect.ts';
import { configureKill } from './commands/kill.ts';
import { configureLoad } from './commands/load.ts';
import { configureLogin } from './commands/login.ts';
import { configureLogout } from './commands/logout.ts';
import { configureLogs } from './commands/logs.ts';
import { configureManifest } from './commands/manifest.ts';
import { configureMetrics } from './commands/metrics.ts';
import { configureNetwork } from './commands/network.ts';
import { configurePause } from './commands/pause.ts';
import { configurePort } from './commands/port.ts';
import { configurePs } from './commands/ps.ts';
import { configurePull } from './commands/pull.ts';
import { configurePush } from './commands/push.ts';
import { configureRecord } from './commands/record.ts';
import { configureRename } from './commands/rename.ts';
import { configureRestart } from './commands/restart.ts';
import { configureRm } from './commands/rm.ts';
import { configureRmi } from './commands/rmi.ts';
import { configureRun } from './commands/run.ts';
import { configureSave } from './commands/save.ts';
import { configureSearch } from './commands/search.ts';
import { configureStart } from './commands/start.ts';
import { configureStats } from './commands/stats.ts';
import { configureStop } from './commands/stop.ts';
import { configureSystem } from './commands/system.ts';
import { configureTag } from './commands/tag.ts';
import { configureTop } from './commands/top.ts';
import { configureUnpause } from './commands/unpause.ts';
import { configureUpdate } from './commands/update.ts';
import { configureVersion } from './commands/version.ts';
import { configureVolume } from './commands/volume.ts';
import { configureWait } from './commands/wait.ts';
import { configureWaste } from './commands/waste.ts';
import { configureWhatIf } from './commands/what-if.ts';
import { configureWork } from './commands/work.ts';

/** Gives a bare command its arguments, options, examples and action. */
export type Configure = (command: Command, cli: Cli) => void;

/** A verb: its line in the help, and what makes the rest of it when it is wanted. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly configure: Configure;
}

const build = 'Build and images';
const registry = 'Registries';
const run = 'Run containers';
const look = 'Look at them';
const machine = 'The machine';

/** Every verb, in the order of the help. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'build',
    summary: 'Build an image from a Dockerfile',
    group: build,
    configure: configureBuild,
  },
  {
    name: 'images',
    summary: 'List images',
    group: build,
    configure: configureImages,
  },
  {
    name: 'history',
    summary: 'Show the steps that made an image, and their sizes',
    group: build,
    configure: configureHistory,
  },
  {
    name: 'rmi',
    summary: 'Remove images',
    group: build,
    configure: configureRmi,
  },
  {
    name: 'tag',
    summary: 'Give an image one more name',
    group: build,
    configure: configureTag,
  },
  {
    name: 'image',
    summary: 'Make base images without a registry (bootstrap); list, remove, prune, save, load',
    group: build,
    configure: configureImage,
  },
  {
    name: 'commit',
    summary: 'Make an image of a container as it stands',
    group: build,
    configure: configureCommit,
  },
  {
    name: 'save',
    summary: 'Write images into a file that docker, podman and skopeo read',
    group: build,
    configure: configureSave,
  },
  {
    name: 'load',
    summary: 'Take over the images of such a file',
    group: build,
    configure: configureLoad,
  },
  {
    name: 'import',
    summary: 'Make an image of the tar of a root filesystem',
    group: build,
    configure: configureImport,
  },
  {
    name: 'work',
    summary: 'Make an image step by step (from, run, copy, config, commit), as Buildah does',
    group: build,
    configure: configureWork,
  },
  {
    name: 'builder',
    summary: 'Show what the build cache holds (du), and free it (prune)',
    group: build,
    configure: configureBuilder,
  },
  {
    name: 'manifest',
    summary: 'Make and push indexes of images for several platforms',
    group: registry,
    configure: configureManifest,
  },
  {
    name: 'pull',
    summary: 'Fetch an image from a registry',
    group: registry,
    configure: configurePull,
  },
  {
    name: 'push',
    summary: 'Send an image to a registry',
    group: registry,
    configure: configurePush,
  },
  {
    name: 'login',
    summary: 'Log in to a registry',
    group: registry,
    configure: configureLogin,
  },
  {
    name: 'logout',
    summary: 'Forget the login at a registry',
    group: registry,
    configure: configureLogout,
  },
  {
    name: 'search',
    summary: 'Search a registry for images',
    group: registry,
    configure: configureSearch,
  },
  {
    name: 'run',
    summary: 'Create and start a container',
    group: run,
    configure: configureRun,
  },
  {
    name: 'create',
    summary: 'Create a container without starting it',
    group: run,
    configure: configureCreate,
  },
  {
    name: 'start',
    summary: 'Start stopped containers',
    group: run,
    configure: configureStart,
  },
  {
    name: 'stop',
    summary: 'Stop containers: a signal, some patience, then SIGKILL',
    group: run,
    configure: configureStop,
  },
  {
    name: 'restart',
    summary: 'Stop and start containers',
    group: run,
    configure: configureRestart,
  },
  {
    name: 'kill',
    summary: 'Send a signal to containers',
    group: run,
    configure: configureKill,
  },
  {
    name: 'pause',
    summary: 'Freeze all processes of containers',
    group: run,
    configure: configurePause,
  },
  {
    name: 'unpause',
    summary: 'Let frozen containers go on',
    group: run,
    configure: configureUnpause,
  },
  {
    name: 'rm',
    summary: 'Remove containers',
    group: run,
    configure: configureRm,
  },
  {
    name: 'exec',
    summary: 'Run a command in a running container',
    group: run,
    configure: configureExec,
  },
  {
    name: 'attach',
    summary: "Connect this terminal to a container's own",
    group: run,
    configure: configureAttach,
  },
  {
    name: 'cp',
    summary: 'Copy files into a container, or out of it',
    group: run,
    configure: configureCp,
  },
  {
    name: 'rename',
    summary: 'Rename a container',
    group: run,
    configure: configureRename,
  },
  {
    name: 'update',
    summary: 'Change limits of containers while they run',
    group: run,
    configure: configureUpdate,
  },
  {
    name: 'wait',
    summary: 'Wait until containers exit, and print their exit codes',
    group: run,
    configure: configureWait,
  },
  {
    name: 'container',
    summary: 'The verbs of containers under one roof (ls, run, inspect, prune, ...)',
    group: run,
    configure: configureContainer,
  },
  {
    name: 'ps',
    summary: 'List containers',
    group: look,
    configure: configurePs,
  },
  {
    name: 'logs',
    summary: "Print a container's output",
    group: look,
    configure: configureLogs,
  },
  {
    name: 'stats',
    summary: 'Watch what containers use',
    group: look,
    configure: configureStats,
  },
  {
    name: 'capacity',
    summary: 'Tell how the machine is spent, and what of it is wasted',
    group: look,
    configure: configureCapacity,
  },
  {
    name: 'waste',
    summary: 'List what containers hold and do not use',
    group: look,
    configure: configureWaste,
  },
  {
    name: 'advise',
    summary: 'Say what limits containers need, and why; change them, and back',
    group: look,
    configure: configureAdvise,
  },
  {
    name: 'export-limits',
    summary: 'Write the limits of containers as docker, Compose and Kubernetes take them',
    group: look,
    configure: configureExportLimits,
  },
  {
    name: 'what-if',
    summary: 'Would it fit on a smaller machine, with more of one container, without another?',
    group: look,
    configure: configureWhatIf,
  },
  {
    name: 'alert',
    summary: 'Watch, and tell when something is wrong: by bell, command or webhook',
    group: look,
    configure: configureAlert,
  },
  {
    name: 'fleet',
    summary: 'Capacity and waste of many machines: over ssh, or from Prometheus',
    group: look,
    configure: configureFleet,
  },
  {
    name: 'metrics',
    summary: 'Figures for Prometheus, with alert rules and a scrape configuration',
    group: look,
    configure: configureMetrics,
  },
  {
    name: 'record',
    summary: 'Write down what machine and containers use, for percentiles and advice',
    group: look,
    configure: configureRecord,
  },
  {
    name: 'top',
    summary: "List a container's processes",
    group: look,
    configure: configureTop,
  },
  {
    name: 'inspect',
    summary: 'Print all that is known of containers, images, volumes or networks',
    group: look,
    configure: configureInspect,
  },
  {
    name: 'events',
    summary: 'Print what happens, as it happens',
    group: look,
    configure: configureEvents,
  },
  {
    name: 'diff',
    summary: 'List what a container has changed in its image',
    group: look,
    configure: configureDiff,
  },
  {
    name: 'export',
    summary: "Write a container's file system as a tar",
    group: look,
    configure: configureExport,
  },
  {
    name: 'port',
    summary: 'List published ports of a container',
    group: look,
    configure: configurePort,
  },
  {
    name: 'volume',
    summary: 'Manage volumes (ls, create, inspect, rm, prune, export, import)',
    group: machine,
    configure: configureVolume,
  },
  {
    name: 'network',
    summary: 'Manage networks (ls, create, connect, disconnect, inspect, rm, prune)',
    group: machine,
    configure: configureNetwork,
  },
  {
    name: 'info',
    summary: 'Describe the engine and its root',
    group: machine,
    configure: configureInfo,
  },
  {
    name: 'daemon',
    summary: "Serve Docker's API, for tools that speak it",
    group: machine,
    configure: configureDaemon,
  },
  {
    name: 'doctor',
    summary: 'Check what this machine can do, with a fix for what it cannot',
    group: machine,
    configure: configureDoctor,
  },
  {
    name: 'demo',
    summary: 'Five small services to look at (up, down)',
    group: machine,
    configure: configureDemo,
  },
  {
    name: 'system',
    summary: 'Prove the root consistent (check), describe it (info, df), have it come up at boot (install)',
    group: machine,
    configure: configureSystem,
  },
  {
    name: 'generate',
    summary: 'Units for containers that systemd is to own, and what Kubernetes needs to run the daemon',
    group: machine,
    configure: configureGenerate,
  },
  {
    name: 'context',
    summary: 'Name ways to engines elsewhere, and choose among them',
    group: machine,
    configure: configureContext,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of bash, zsh or fish',
    group: machine,
    configure: configureCompletion,
  },
  {
    name: 'version',
    summary: 'Print the version',
    group: machine,
    configure: configureVersion,
  },
];
