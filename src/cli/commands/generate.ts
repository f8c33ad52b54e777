import { writeFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Engine, RestartPolicy, Root } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { containerUnit } from '../generate/container-unit.ts';
import { daemonSet } from '../generate/daemon-set.ts';
import { quadlet } from '../generate/quadlet.ts';
import { runArguments } from '../generate/run-arguments.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { formatRestart } from '../parse/parse-restart.ts';
import { printWarnings } from '../print-warnings.ts';

interface CommonOptions {
  readonly restartPolicy?: string;
  readonly files?: true;
}

interface SystemdOptions extends CommonOptions {
  readonly new?: true;
  readonly name?: true;
  readonly header: boolean;
  readonly restartSec?: string;
  readonly stopTimeout?: string;
  readonly containerPrefix: string;
  readonly separator: string;
  readonly wants?: readonly string[];
  readonly after?: readonly string[];
  readonly requires?: readonly string[];
}

interface DaemonSetOptions {
  readonly image: string;
  readonly name: string;
  readonly namespace: string;
  readonly dataRoot: string;
}

/** A file to be written, or printed. */
interface Generated {
  readonly file: string;
  readonly text: string;
}

/** `generate systemd|quadlet NAME...|daemonset`: for those who want systemd to own a container, Kubernetes the daemon. */
export function configureGenerate(command: Command, cli: Cli): void {
  systemdOptions(
    examples(
      command
        .command('systemd')
        .description('A unit for each container, which starts, watches, restarts and stops it'),
      'plimsoll generate systemd web >/etc/systemd/system/container-web.service',
      'plimsoll generate systemd --new --name --files web db',
    ).argument('<container...>'),
  ).action(async (names: string[], options: SystemdOptions) => {
    const engine = await cli.engine();
    const root = await cli.root();
    const made = names.map(name => systemdUnit(cli, engine, root, name, options));
    write(cli, made, options);
  });
  commonOptions(
    examples(
      command
        .command('quadlet')
        .description("A .container file for each container, for podman's Quadlet")
        .argument('<container...>'),
      'plimsoll generate quadlet web >/etc/containers/systemd/web.container',
    ),
  ).action(async (names: string[], options: CommonOptions) => {
    const { containers } = await cli.engine();
    const { rootless } = await cli.root();
    const made = names.map(name => {
      const { name: container, spec } = containers.inspect(name);
      const restartPolicy = options.restartPolicy ?? restartOf(spec.restart);
      const text = quadlet({ container, create: runArguments(spec), restartPolicy, user: rootless });
      return { file: `${container}.container`, text };
    });
    write(cli, made, options);
  });
  examples(
    command
      .command('daemonset')
      .description('A manifest for Kubernetes: an engine with its Docker API on every node, with probes'),
    'plimsoll generate daemonset --image registry.example/plimsoll:1 | kubectl apply -f -',
  )
    .requiredOption(
      '--image <image>',
      'Has plimsoll in its PATH, what `plimsoll doctor` asks for, and curl for the probes',
    )
    .option('--name <name>', 'Of the DaemonSet', 'plimsoll')
    .option('--namespace <namespace>', 'Where it is made', 'kube-system')
    .option('--data-root <folder>', "The engine's root on each node", '/var/lib/plimsoll')
    .action(async (options: DaemonSetOptions) => {
      for (const [flag, text] of [
        ['--name', options.name],
        ['--namespace', options.namespace],
      ] as const)
        if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text))
          throw badOption(
            `${flag} "${text}" is no name for Kubernetes`,
            'use up to 63 of a-z, 0-9 and -, not - at either end',
          );
      const dataRoot = posix.normalize(options.dataRoot).replace(/(?<=.)\/$/, '');
      if (!dataRoot.startsWith('/') || dataRoot === '/')
        throw badOption(
          `"${options.dataRoot}" is no folder for a root`,
          'as in --data-root /var/lib/plimsoll',
        );
      cli.stdout.write(await daemonSet({ ...options, dataRoot, runFolder: '/run/plimsoll' }));
    });
}

function systemdOptions(command: Command): Command {
  return commonOptions(command)
    .option('--new', 'Make the container anew at each start, and remove it at the end')
    .option('--name', 'Call it by its name, not by its id')
    .option('--no-header', 'No comment at the beginning')
    .option('--restart-sec <seconds>', 'Pause before a restart')
    .option('-t, --stop-timeout <seconds>', "Patience before SIGKILL (default: the container's)")
    .option('--container-prefix <prefix>', 'What the name of the unit begins with', 'container')
    .option('--separator <text>', 'Between prefix and name', '-')
    .option('--wants <unit>', 'A further unit that it wants', collect)
    .option('--after <unit>', 'A further unit that it comes after', collect)
    .option('--requires <unit>', 'A unit that it requires', collect);
}

/** systemd.service(5), `Restart=`. */
const restarts = ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-watchdog', 'on-abort', 'always'];

function commonOptions(command: Command): Command {
  return command
    .addOption(new Option('--restart-policy <policy>', 'When systemd restarts it').choices(restarts))
    .option('-f, --files', 'Write files into this folder, and print their paths');
}

function systemdUnit(
  cli: Cli,
  engine: Engine,
  { dataDir, rootless }: Root,
  wanted: string,
  options: SystemdOptions,
): Generated {
  const { id, name, spec, mounts } = engine.containers.inspect(wanted);
  const policy = spec.restart?.name ?? 'no';
  if (policy !== 'no' && !options.new) {
    printWarnings(cli, [
      `${name} has the restart policy "${policy}" of its own; let systemd alone restart it: plimsoll update --restart no ${name}`,
    ]);
  }
  const called = options.name || options.new ? name : id;
  const unit = containerUnit({
    container: called,
    plimsoll: engine.units.command,
    ...(options.new ? { create: runArguments(spec) } : {}),
    restartPolicy: options.restartPolicy ?? 'on-failure',
    ...(options.restartSec === undefined ? {} : { restartSeconds: seconds(options.restartSec) }),
    stopSeconds:
      options.stopTimeout === undefined ? (spec.stopTimeoutSeconds ?? 10) : seconds(options.stopTimeout),
    user: rootless,
    folders: [dataDir, ...mounts.flatMap(mount => (mount.type === 'bind' ? [mount.source] : []))],
    wants: options.wants ?? [],
    after: options.after ?? [],
    requires: options.requires ?? [],
    bare: !options.header,
  });
  const file = [options.containerPrefix, called].filter(part => part !== '').join(options.separator);
  return { file: `${file}.service`, text: unit };
}

function seconds(text: string): number {
  return parseCount(text, 'a number of seconds', 0);
}

/** The nearest that systemd has: it knows no number of times. */
function restartOf(policy: RestartPolicy | undefined): string {
  const name = policy === undefined ? 'no' : formatRestart(policy).split(':')[0];
  return name === 'unless-stopped' ? 'always' : (name ?? 'no');
}

function write(cli: Cli, made: readonly Generated[], { files }: CommonOptions): void {
  for (const { file, text } of made) {
    if (!files) {
      cli.stdout.write(made.length > 1 ? `# ${file}\n${text}\n` : text);
      continue;
    }
    const path = resolve(cli.cwd, file);
    writeFileSync(path, text);
    cli.stdout.write(`${path}\n`);
  }
}
