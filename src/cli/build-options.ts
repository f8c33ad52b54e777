import { type Command, Option } from 'commander';
import { collect } from './collect.ts';
import { acceptOptions, type RefusedOption, refuseOptions } from './foreign-options.ts';
import type { LimitOptions } from './parse/parse-limits.ts';
import { type RegistryOptions, registryOptions } from './registry-options.ts';

/** The options of `build`, as typed. */
export interface BuildOptions
  extends Pick<LimitOptions, 'memory' | 'memorySwap' | 'cpuShares' | 'cpusetCpus'>,
    RegistryOptions {
  readonly tag?: string[];
  readonly file?: string;
  readonly buildArg?: string[];
  readonly buildContext?: string[];
  readonly label?: string[];
  readonly target?: string;
  readonly platform?: string;
  readonly pull?: 'always' | 'missing' | 'never' | 'true' | 'false';
  readonly cache: boolean;
  /** Of `--no-cache-filter`; true without it, as commander has it for every option that begins with `no`. */
  readonly cacheFilter: string[] | true;
  readonly cacheFrom?: string[];
  readonly cacheTo?: string[];
  readonly network?: 'bridge' | 'default' | 'host' | 'none';
  readonly addHost?: string[];
  readonly allow?: string[];
  readonly secret?: string[];
  readonly ssh?: string[];
  readonly ulimit?: string[];
  readonly shmSize?: string;
  readonly cgroupParent?: string;
  readonly cpuPeriod?: string;
  readonly cpuQuota?: string;
  readonly isolation?: 'default' | 'oci' | 'chroot';
  readonly squash?: true;
  readonly jobs?: string;
  readonly output?: string[];
  readonly provenance?: string | true;
  readonly sbom?: string | true;
  readonly attest?: string[];
  readonly debugShell?: true;
  readonly push?: true;
  readonly iidfile?: string;
  readonly metadataFile?: string;
  readonly progress: 'auto' | 'plain' | 'tty' | 'quiet' | 'rawjson';
  readonly quiet?: true;
  readonly check?: true;
  readonly call?: string;
}

/** Gives `build` its options: docker's, those that mean nothing here, and those that it refuses with a reason. */
export function buildOptions(command: Command): Command {
  command
    .argument(
      '<context>',
      'Folder that COPY and ADD read from, a git repository, an archive, or - for the input',
    )
    .option('-t, --tag <name>', 'Name of the image; may stand many times', collect)
    .option('-f, --file <file>', 'The Dockerfile (default: CONTEXT/Dockerfile; - reads it from the input)')
    .option('--build-arg <name=value>', 'Value of an ARG', collect)
    .option('--build-context <name=place>', 'A further context, or an image for a name', collect)
    .option('--label <name=value>', 'Label of the image', collect)
    .option('--target <stage>', 'Stop at this stage')
    .option('--platform <platform>', 'What the image is for, as in linux/arm64 (default: this host)')
    .addOption(
      new Option('--pull [when]', 'Ask registries for base images: always, missing (default) or never')
        .preset('always')
        .choices(['always', 'missing', 'never', 'true', 'false']),
    )
    .option('--no-cache', 'Run every step')
    .option(
      '--no-cache-filter <stage>',
      'Run every step of this stage; may stand many times',
      (stage: string, before: unknown) => [...(Array.isArray(before) ? before : []), stage],
    )
    .option(
      '--cache-from <cache>',
      'Take results from type=local,src=FOLDER or type=registry,ref=NAME',
      collect,
    )
    .option(
      '--cache-to <cache>',
      'Write results to type=local,dest=FOLDER, type=registry,ref=NAME or type=inline; mode=max for all steps',
      collect,
    )
    .option('--secret <secret>', 'Lend a secret to RUN: id=NAME,src=FILE or id=NAME,env=VARIABLE', collect)
    .option('--ssh <agent>', 'Lend an ssh agent to RUN: default, ID=SOCKET or ID=KEY', collect)
    .addOption(
      new Option('--network <network>', 'Network of RUN').choices(['bridge', 'default', 'host', 'none']),
    )
    .option('--add-host <host:address>', 'Line of /etc/hosts in RUN', collect)
    .option('--allow <right>', 'Let RUN have network.host or security.insecure', collect)
    .option('-m, --memory <size>', 'Memory limit of each RUN')
    .option('--memory-swap <size>', 'Memory and swap together; -1 for unlimited swap')
    .option('-c, --cpu-shares <number>', 'Weight of RUN where CPUs are contended')
    .option('--cpu-period <microseconds>', 'Period of --cpu-quota (default: 100000)')
    .option('--cpu-quota <microseconds>', 'CPU time that RUN may use in each period')
    .option('--cpuset-cpus <set>', 'CPUs for RUN, as in 0-2,4')
    .option('--shm-size <size>', 'Size of /dev/shm in RUN')
    .option('--ulimit <limit>', 'Limit of the processes of RUN, as in nofile=1024:2048', collect)
    .option('--cgroup-parent <path>', 'Cgroup to run steps below')
    .addOption(
      new Option(
        '--isolation <kind>',
        'oci (default), or chroot where containers cannot be had (also BUILDAH_ISOLATION)',
      ).choices(['default', 'oci', 'chroot']),
    )
    .option('--squash', 'One layer for all that is built upon the base')
    .option('--jobs <number>', 'Steps at once (default: one per core)')
    .option(
      '-o, --output <output>',
      'Also as type=local|tar|oci|docker|registry|cacheonly,dest=PLACE; a folder alone is local; a registry takes compression=gzip|zstd|uncompressed',
      collect,
    )
    .option('--push', 'Send the image to the registry of each of its names')
    .option('--debug-shell', 'After a failed step: a shell in what it began with, to look into it')
    .option(
      '--provenance [mode]',
      'Attest how the image was built: mode=min (default) or mode=max; false for not',
    )
    .option('--sbom [true|false]', 'Attest which packages are in the image')
    .option('--attest <kind>', 'As type=provenance[,mode=max] or type=sbom', collect)
    .option('--iidfile <file>', "Write the image's id to this file")
    .option('--metadata-file <file>', 'Write what was built to this file, as JSON')
    .addOption(
      new Option('--progress <kind>', 'How to show it (also BUILDKIT_PROGRESS)')
        .choices(['auto', 'plain', 'tty', 'quiet', 'rawjson'])
        .default('auto'),
    )
    .option('-q, --quiet', "Print only the image's id")
    .option('--check', 'Only check the Dockerfile against the lint rules')
    .option('--call <method>', 'build, check, outline or targets; with ,format=json for programs');
  registryOptions(command);
  acceptOptions(command, ...meaningless);
  return refuseOptions(command, refused);
}

/** Options of docker build that ask for what is so anyway. */
const meaningless = ['--compress', '--rm', '--force-rm', '--load', '-D, --debug'];

/** Options of docker build that are known and refused. */
const refused: readonly RefusedOption[] = [
  ['--builder', 'there is one builder, this process', 'take it away'],
  ['--cpuset-mems', 'memory nodes are not among the limits', 'use --cpuset-cpus'],
  [
    '--security-opt',
    'every step has the default profile',
    'use RUN --security=insecure and --allow security.insecure where a step needs more',
  ],
];
