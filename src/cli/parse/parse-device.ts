import type { ContainerSpec } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

/** One `--device`: `SOURCE[:TARGET[:rwm]]`, or the name that a CDI spec has for it, `vendor.com/class=name`. */
export function parseDevice(
  text: string,
): { device: NonNullable<ContainerSpec['devices']>[number] } | { cdi: string } {
  if (/^[A-Za-z0-9.-]+\/[\w.-]+=[\w.:-]+$/.test(text)) return { cdi: text };
  const [source = '', second, third, ...more] = text.split(':');
  const isAccess = second !== undefined && third === undefined && /^[rwm]{1,3}$/.test(second);
  const [target, access] = isAccess ? [source, second] : [second ?? source, third ?? 'rwm'];
  const wrong =
    more.length > 0 || !source.startsWith('/') || !target.startsWith('/') || !/^[rwm]{1,3}$/.test(access);
  if (wrong) {
    throw badOption(
      `"${text}" is no device`,
      'write SOURCE[:TARGET[:rwm]], as in /dev/fuse or /dev/sdc:/dev/xvdc:r, or a CDI name such as vendor.com/gpu=0',
    );
  }
  return { device: { source, target, access } };
}

/** One `--gpus`: `all`, a number, or `device=ID,ID`. Other fields of docker's form say what CDI specs say themselves. */
export function parseGpus(text: string): 'all' | number | readonly string[] {
  if (text === 'all') return 'all';
  if (/^\d+$/.test(text)) return Number(text);
  const plain = text.replace(/^"(.*)"$/, '$1');
  const ids = /(?:^|,)device=((?:[\w.:-]+)(?:,[\w.:-]+)*?)(?=$|,(?:driver|count|capabilities|options)=)/.exec(
    plain,
  )?.[1];
  if (ids !== undefined) return ids.split(',');
  const count = /(?:^|,)count=(all|\d+)(?:,|$)/.exec(plain)?.[1];
  if (count !== undefined) return count === 'all' ? 'all' : Number(count);
  throw badOption(`"${text}" names no GPUs`, 'write all, a number, or device=0,1');
}
