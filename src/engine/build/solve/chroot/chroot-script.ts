import { shellWord } from '../../../../lib/shell-word.ts';
import type { ProcessRequest } from '../../../runtime/index.ts';
import type { ChrootRights } from './rights.ts';

/** Host programs by full path. */
export type ChrootTools = Readonly<Record<'mount' | 'mkdir' | 'setpriv' | 'unshare' | 'env', string>>;

/** Device files that programs expect; the machine's own are put in their place. */
export const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/**
 * A script for sh(1) that puts a process's mounts into its root folder, and then becomes the process: with that root, its
 * user, its capabilities and its environment. In a mount namespace of its own if the caller may have one.
 */
export function chrootScript(
  process: ProcessRequest,
  {
    rights,
    tools,
    capabilities,
  }: { rights: ChrootRights; tools: ChrootTools; capabilities: readonly string[] },
): string {
  const { rootfs, user, cwd, env, args, privileged } = process;
  const word = shellWord;
  const groups =
    user.additionalGids.length === 0 ? '--clear-groups' : `--groups=${user.additionalGids.join(',')}`;
  const kept = capabilities.map(name => `+${name.replace(/^CAP_/, '').toLowerCase()}`);
  const bounds = rights.bound && !privileged ? [`--bounding-set=-all,${kept.join(',')}`] : [];
  const command = [
    ...[tools.setpriv, `--regid=${user.gid}`, groups, '--pdeathsig=KILL', '--inh-caps=-all', ...bounds],
    ...[tools.env, '-i', ...env],
    ...[
      tools.unshare,
      `--root=${rootfs}`,
      `--wd=${cwd}`,
      ...(user.uid === 0 ? [] : [`--setuid=${user.uid}`]),
      '--',
    ],
    ...args,
  ];
  const mounts = rights.mount ? mountLines(process, tools) : [];
  return ['set -e', ...mounts, `exec ${command.map(word).join(' ')}`].join('\n');
}

function mountLines(
  { rootfs, mounts, shmBytes = 64 * 1024 * 1024 }: ProcessRequest,
  tools: ChrootTools,
): string[] {
  const [mount, mkdir] = [shellWord(tools.mount), shellWord(tools.mkdir)];
  const inRoot = (path: string) => shellWord(`${rootfs}${path}`);
  const devs = devices.flatMap(name => [
    `: > ${inRoot(`/dev/${name}`)}`,
    `${mount} --bind /dev/${name} ${inRoot(`/dev/${name}`)}`,
  ]);
  const wanted = mounts.flatMap(one => {
    const place = inRoot(one.target);
    if (one.type === 'tmpfs') {
      const size = one.sizeBytes === undefined ? '' : `,size=${one.sizeBytes}`;
      return [`${mkdir} -p ${place}`, `${mount} -t tmpfs -o mode=1777${size} tmpfs ${place}`];
    }
    const source = shellWord(one.source);
    const above = inRoot(one.target.replace(/\/[^/]*$/, '') || '/');
    return [
      `[ -e ${place} ] || { ${mkdir} -p ${above}; if [ -d ${source} ]; then ${mkdir} ${place}; else : > ${place}; fi; }`,
      `${mount} --${one.recursive === false ? 'bind' : 'rbind'} ${source} ${place}`,
      ...(one.readOnly ? [`${mount} -o remount,bind,ro ${place}`] : []),
    ];
  });
  return [
    `${mount} -t tmpfs -o mode=755 tmpfs ${inRoot('/dev')}`,
    ...devs,
    `${mkdir} ${inRoot('/dev/shm')} ${inRoot('/dev/pts')}`,
    `${mount} -t tmpfs -o mode=1777,size=${shmBytes} tmpfs ${inRoot('/dev/shm')}`,
    `${mount} --rbind /dev/pts ${inRoot('/dev/pts')}`,
    ...['fd', 'stdin', 'stdout', 'stderr'].map((name, number) => {
      const target = name === 'fd' ? '/proc/self/fd' : `/proc/self/fd/${number - 1}`;
      return `ln -s ${target} ${inRoot(`/dev/${name}`)}`;
    }),
    `ln -s pts/ptmx ${inRoot('/dev/ptmx')}`,
    `${mount} --rbind /proc ${inRoot('/proc')}`,
    `${mount} --rbind /sys ${inRoot('/sys')}`,
    `${mount} -o remount,bind,ro ${inRoot('/sys')}`,
    ...wanted,
  ];
}
