import { PlimsollError } from '../../errors.ts';

interface Refusal {
  readonly words: RegExp;
  readonly says: (...found: string[]) => string;
  readonly hint: string;
}

/** What crun and the kernel refuse at a start for what was asked of it, and what to do then. */
const refusals: readonly Refusal[] = [
  {
    words: /^(?!.*executable file).*`(?:[^`]*\/rootfs)?(\/(?:proc|sys)\/[^`]*)`: No such file or directory/s,
    says: path => `nothing can be mounted at "${path}"`,
    hint: 'the kernel alone makes files in /proc and /sys: mount it elsewhere',
  },
  {
    words: /mount `([^`]*)` to `([^`]*)`: Not a directory/,
    says: (source, target) =>
      `"${source}" cannot be mounted at "/${target}": one of the two is a folder, the other is not`,
    hint: 'mount a folder on a folder, and a file on a file; or choose a target that is not in the image',
  },
  {
    words: /open `?\/proc\/sys\/([^`:]*)`?: No such file or directory/,
    says: path => `the kernel has no setting "${path.replaceAll('/', '.')}" for a container`,
    hint: 'check the spelling of --sysctl; a module of the kernel may have to be loaded for it',
  },
  {
    words: /write to `?\/proc\/sys\/([^`:]*)`?: (?:Invalid argument|Numerical result out of range)/,
    says: path => `the kernel does not take that value for the setting "${path.replaceAll('/', '.')}"`,
    hint: "give --sysctl a value as 'sysctl -a' shows it",
  },
  {
    words: /setrlimit `RLIMIT_(\w+)`: Operation not permitted/,
    says: name => `the limit "${name.toLowerCase()}" is higher than the kernel gives`,
    hint: 'give --ulimit less; the most for open files is in /proc/sys/fs/nr_open',
  },
  {
    words: /set(?:res)?([ug]id) to (\d+): Invalid argument/,
    says: (kind, id) => `the ${kind} ${id} is none that the container has`,
    hint: 'choose a lower one: an ordinary user has those of /etc/subuid and /etc/subgid to give away',
  },
  {
    words: /chdir `?([^`]*?)`?: Not a directory/,
    says: path => `the working folder "${path}" is no folder in the container`,
    hint: 'give --workdir a folder',
  },
  {
    words: /chdir (?:`([^`]*)`|to cwd \("([^"]*)"\).*): no such file or directory/i,
    says: (path, named = path) => `there is no working folder "${named}" in the container`,
    hint: 'give --workdir a folder that is there, or make it first',
  },
  {
    words: /sethostname: Invalid argument/,
    says: () => 'the host name is longer than the 64 bytes that the kernel takes',
    hint: 'give --hostname a shorter one',
  },
];

/** Undefined for other words. `invalid-argument` (`START_REFUSED`), for which docker exits with 125. */
export function refusalOf(words: string): PlimsollError | undefined {
  for (const { words: pattern, says, hint } of refusals) {
    const found = pattern.exec(words);
    if (found === null) continue;
    return new PlimsollError('invalid-argument', says(...found.slice(1)), {
      code: 'START_REFUSED',
      hint,
      data: { detail: words.slice(0, 2000) },
    });
  }
  return undefined;
}
