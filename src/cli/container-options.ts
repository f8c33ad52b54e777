import { type Command, Option } from 'commander';
import { collect } from './collect.ts';

/** Adds the options of limits, as `run`, `create` and `update` share them. */
export function limitOptions(command: Command): Command {
  return command
    .option('-m, --memory <size>', 'Memory limit, as in 512m')
    .option('--memory-reservation <size>', 'Memory that is set apart for it')
    .option('--memory-swap <size>', 'Memory and swap together; -1 for unlimited swap')
    .option('--cpus <number>', 'CPU limit in cores, as in 1.5')
    .option('-c, --cpu-shares <number>', 'Weight where CPUs are contended')
    .option('--cpuset-cpus <set>', 'CPUs to run on, as in 0-2,4')
    .option('--pids-limit <number>', 'Most processes; -1 for no limit');
}

/** Adds the options that describe a container, as `run` and `create` share them. */
export function containerOptions(command: Command): Command {
  return limitOptions(command)
    .passThroughOptions()
    .argument('<image>')
    .argument('[command...]', "Replaces the image's command")
    .addOption(
      new Option('--pull <when>', 'Ask a registry for the image')
        .choices(['missing', 'always', 'never'])
        .default('missing'),
    )
    .option('--platform <platform>', 'Of an image that is pulled, as in linux/arm64')
    .option('-q, --quiet', 'No progress of a pull')
    .option('--name <name>', 'Its name')
    .option('-e, --env <name=value>', 'Set a variable', collect)
    .option('--env-file <file>', 'Set variables from a file', collect)
    .option('-p, --publish <port>', 'Publish a port: [ADDRESS:][HOST:]CONTAINER[/udp]', collect)
    .option('-P, --publish-all', 'Publish every port that the image exposes')
    .option('-v, --volume <volume>', 'Mount a folder or volume: SOURCE:TARGET[:ro]', collect)
    .option('--mount <mount>', 'Mount: type=bind|volume|tmpfs,source=…,target=…', collect)
    .option('--tmpfs <target>', 'Mount memory: TARGET[:size=64m]', collect)
    .option(
      '--network <network>',
      "bridge, host, none or a network's name; several for several networks",
      collect,
    )
    .option('--net <network>', 'The same as --network', collect)
    .option('--network-alias <name>', 'A further name on the first network', collect)
    .option('--net-alias <name>', 'The same as --network-alias', collect)
    .option('--ip <address>', 'Address on the first network')
    .option('--mac-address <mac>', 'Hardware address on the first network')
    .option('--dns <address>', 'Name server', collect)
    .option('--add-host <host:address>', 'Line of /etc/hosts', collect)
    .option('-h, --hostname <name>', 'Host name inside')
    .option('-i, --interactive', 'Keep input open')
    .option('-t, --tty', 'Give it a terminal')
    .option('--rm', 'Remove it when it ends')
    .option('--restart <policy>', 'no, always, unless-stopped or on-failure[:TIMES]')
    .option('-u, --user <user[:group]>', 'Run as this user')
    .option('-w, --workdir <folder>', 'Run in this folder')
    .option('--entrypoint <command>', "Replaces the image's entrypoint; empty clears it")
    .option('-l, --label <name=value>', 'Label', collect)
    .option('--label-file <file>', 'Labels from a file', collect)
    .option('--read-only', 'Root file system read-only')
    .option('--privileged', 'All that the caller may do')
    .option('--cap-add <capability>', 'Add a capability', collect)
    .option('--cap-drop <capability>', 'Drop a capability', collect)
    .option('--security-opt <option>', 'no-new-privileges, seccomp=unconfined|FILE', collect)
    .option('--health-cmd <command>', 'Command of a shell that says whether it is well (exit code 0)')
    .option('--health-interval <time>', 'Between probes (default 30s)')
    .option('--health-timeout <time>', 'Longest that a probe may take (default 30s)')
    .option('--health-retries <number>', 'Failures in a row that make it unhealthy (default 3)')
    .option('--health-start-period <time>', 'Time to come up, in which failures do not count (default 0s)')
    .option('--health-start-interval <time>', 'Between probes while it comes up (default 5s)')
    .option('--health-on-failure <action>', 'When it becomes unhealthy: none, kill, restart or stop')
    .option('--no-healthcheck', "Carry out no check, also not the image's")
    .option('--stop-signal <signal>', 'Signal that asks it to stop')
    .option('--stop-timeout <seconds>', 'Patience before SIGKILL');
}
