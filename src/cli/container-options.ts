import { type Command, Option } from 'commander';
import { collect } from './collect.ts';
import { acceptOptions, type RefusedOption, refuseOptions } from './foreign-options.ts';
import { logDrivers } from './parse/parse-log.ts';

/** Adds the options of limits, as `run`, `create` and `update` share them. */
export function limitOptions(command: Command): Command {
  return command
    .option('-m, --memory <size>', 'Memory limit, as in 512m')
    .option('--memory-reservation <size>', 'Memory that is set apart for it')
    .option('--memory-swap <size>', 'Memory and swap together; -1 for unlimited swap')
    .option('--cpus <number>', 'CPU limit in cores, as in 1.5')
    .option('-c, --cpu-shares <number>', 'Weight where CPUs are contended')
    .option('--cpu-period <microseconds>', 'Period of --cpu-quota (default: 100000)')
    .option('--cpu-quota <microseconds>', 'CPU time in each period; -1 for no limit')
    .option('--cpu-rt-period <microseconds>', 'Period of --cpu-rt-runtime')
    .option('--cpu-rt-runtime <microseconds>', 'Time of real-time processes in each period')
    .option('--cpuset-cpus <set>', 'CPUs to run on, as in 0-2,4')
    .option('--cpuset-mems <set>', 'Memory nodes to use, as in 0-1')
    .option('--pids-limit <number>', 'Most processes; -1 for no limit')
    .option('--blkio-weight <number>', 'Weight of block I/O, 10 to 1000')
    .option('--cgroup-conf <name=value>', 'File of cgroup v2, as in memory.high=512M', collect);
}

/** Adds the options that describe a container, as `run` and `create` share them. */
export function containerOptions(command: Command): Command {
  for (const add of [generalOptions, limitOptions, limitsAtStart, securityOptions, isolationOptions])
    add(command);
  acceptOptions(command, '--disable-content-trust [true|false]');
  return refuseOptions(command, refused);
}

/** Limits that cannot be changed afterwards. */
function limitsAtStart(command: Command): Command {
  return command
    .option('--memory-swappiness <number>', 'How readily its memory is swapped, 0 to 100')
    .option('--oom-kill-disable', 'Wait for memory instead of being killed')
    .option('--oom-score-adj <number>', 'How likely the kernel is to kill it, -1000 to 1000')
    .option('--blkio-weight-device <path:number>', 'Weight of block I/O on a device', collect)
    .option('--device-read-bps <path:size>', 'Most bytes a second from a device', collect)
    .option('--device-write-bps <path:size>', 'Most bytes a second to a device', collect)
    .option('--device-read-iops <path:number>', 'Most reads a second from a device', collect)
    .option('--device-write-iops <path:number>', 'Most writes a second to a device', collect)
    .option('--ulimit <limit>', 'Limit of its processes, as in nofile=1024:2048', collect)
    .option('--shm-size <size>', 'Size of /dev/shm (default: 64m)')
    .option('--cgroup-parent <path>', 'Cgroup below which its own is made');
}

function securityOptions(command: Command): Command {
  return command
    .option('--read-only', 'Root file system read-only')
    .option('--privileged', 'All that the caller may do')
    .option('--cap-add <capability>', 'Add a capability', collect)
    .option('--cap-drop <capability>', 'Drop a capability', collect)
    .option(
      '--security-opt <option>',
      'no-new-privileges, seccomp=…, apparmor=…, systempaths=unconfined',
      collect,
    )
    .option('--device <device>', 'Device: SOURCE[:TARGET[:rwm]], or its CDI name', collect)
    .option('--device-cgroup-rule <rule>', "Devices that it may use, as in 'c 10:200 rwm'", collect)
    .option('--gpus <gpus>', 'GPUs by their CDI specs: all, a number, or device=ID,ID')
    .option('--group-add <group>', 'A further group', collect)
    .option('--sysctl <name=value>', 'Kernel setting of its namespaces', collect);
}

function isolationOptions(command: Command): Command {
  return command
    .option('--ipc <mode>', 'private, shareable, host, none or container:NAME')
    .option('--pid <mode>', 'private, host or container:NAME')
    .option('--uts <mode>', 'private, host or container:NAME')
    .option('--cgroupns <mode>', 'private, host or container:NAME')
    .option('--userns <mode>', 'host');
}

function generalOptions(command: Command): Command {
  return command
    .passThroughOptions()
    .argument('<image>')
    .argument('[command...]', "Replaces the image's command")
    .addOption(
      new Option('--pull <when>', 'Ask a registry for the image')
        .choices(['missing', 'always', 'never'])
        .default('missing'),
    )
    .option(
      '--platform <platform>',
      'Of the image, as in linux/arm64; pulled where the one here is for another',
    )
    .option('-q, --quiet', 'No progress of a pull')
    .option('--name <name>', 'Its name')
    .option('-e, --env <name=value>', 'Set a variable', collect)
    .option('--env-file <file>', 'Set variables from a file', collect)
    .option('-p, --publish <port>', 'Publish a port: [ADDRESS:][HOST:]CONTAINER[/udp|/sctp]', collect)
    .option('-P, --publish-all', 'Publish every port that the image exposes')
    .option('-v, --volume <volume>', 'Mount a folder or volume: SOURCE:TARGET[:ro]', collect)
    .option('--mount <mount>', 'Mount: type=bind|volume|tmpfs,source=…,target=…', collect)
    .option('--tmpfs <target>', 'Mount memory: TARGET[:size=64m,mode=755]', collect)
    .option('--volumes-from <container>', 'Mount what another container has: CONTAINER[:ro]', collect)
    .option(
      '--network <network>',
      "bridge, host, none, container:NAME or a network's name; several for several networks",
      collect,
    )
    .option('--net <network>', 'The same as --network', collect)
    .option('--network-alias <name>', 'A further name on the first network', collect)
    .option(
      '--link <container>',
      'A name for another container, known in this one: CONTAINER[:ALIAS]',
      collect,
    )
    .option('--net-alias <name>', 'The same as --network-alias', collect)
    .option('--ip <address>', 'Address on the first network')
    .option('--ip6 <address>', 'IPv6 address on the first network')
    .option('--mac-address <mac>', 'Hardware address on the first network')
    .option('--expose <port>', 'Port that it listens on', collect)
    .option('--dns <address>', 'Name server', collect)
    .option('--dns-search <domain>', 'Domain to look for names in; . for none', collect)
    .option('--dns-option <option>', 'Option of /etc/resolv.conf', collect)
    .option('--dns-opt <option>', 'The same as --dns-option', collect)
    .option('--add-host <host:address>', 'Line of /etc/hosts', collect)
    .option('-h, --hostname <name>', 'Host name inside')
    .option('--domainname <name>', 'Domain name inside')
    .option('-i, --interactive', 'Keep input open')
    .option('-t, --tty', 'Give it a terminal')
    .option('--init', 'A small init as its first process')
    .option('--runtime <name>', 'The OCI runtime, which is the one of the engine')
    .option('--rm', 'Remove it when it ends')
    .option('--restart <policy>', 'no, always, unless-stopped or on-failure[:TIMES]')
    .option('-u, --user <user[:group]>', 'Run as this user')
    .option('-w, --workdir <folder>', 'Run in this folder')
    .option('--entrypoint <command>', "Replaces the image's entrypoint; empty clears it")
    .option('-l, --label <name=value>', 'Label', collect)
    .option('--annotation <name=value>', 'Annotation for the OCI runtime', collect)
    .option('--label-file <file>', 'Labels from a file', collect)
    .option('--health-cmd <command>', 'Command of a shell that says whether it is well (exit code 0)')
    .option('--health-interval <time>', 'Between probes (default 30s)')
    .option('--health-timeout <time>', 'Longest that a probe may take (default 30s)')
    .option('--health-retries <number>', 'Failures in a row that make it unhealthy (default 3)')
    .option('--health-start-period <time>', 'Time to come up, in which failures do not count (default 0s)')
    .option('--health-start-interval <time>', 'Between probes while it comes up (default 5s)')
    .option('--health-on-failure <action>', 'When it becomes unhealthy: none, kill, restart or stop')
    .option('--no-healthcheck', "Carry out no check, also not the image's")
    .addOption(
      new Option(
        '--log-driver <driver>',
        'Who keeps its output (default: json-file, 3 files of 20 MB)',
      ).choices([...logDrivers]),
    )
    .option(
      '--log-opt <name=value>',
      'Of the log: max-size=10m, max-file=3; tag, labels, env and such for logs --details',
      collect,
    )
    .option('--stop-signal <signal>', 'Signal that asks it to stop')
    .option('--stop-timeout <seconds>', 'Patience before SIGKILL')
    .option('--cidfile <file>', 'Write its id to this file, which must not exist');
}

/** Options of docker run that are known and refused. */
const refused: readonly RefusedOption[] = [
  ['--link-local-ip', 'there are no link-local addresses', 'take it away'],
  ['--storage-opt', 'the size of a container is not limited', 'mount a volume or a tmpfs of its size'],
  ['--volume-driver', 'there is only the driver local', 'take it away'],
  ['--use-api-socket', 'there is no daemon whose socket could be lent', 'take it away'],
  ['--kernel-memory', 'the kernel limits no memory of its own any more', 'use --memory'],
  ...['--isolation', '--cpu-count', '--cpu-percent', '--io-maxbandwidth', '--io-maxiops'].map(
    name => [name, 'that is for Windows', 'take it away'] as const,
  ),
];
