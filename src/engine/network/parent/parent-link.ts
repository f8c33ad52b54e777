import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { PlimsollError } from '../../../errors.ts';
import { run, runOrThrow } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { script } from '../ip-batch.ts';
import { tableName } from '../names.ts';

/** The link and the number of a name like `eth0.50`: a VLAN (IEEE 802.1Q) on it. */
export function parseVlan(parent: string): { link: string; vlan: number } | undefined {
  const [, link, vlan = ''] = /^(.+)\.(\d{1,4})$/.exec(parent) ?? [];
  const number = Number(vlan);
  return link === undefined || number < 1 || number > 4094 ? undefined : { link, vlan: number };
}

/** Throws `not-found` (`PARENT_NOT_FOUND`) if the host has neither the link nor the one that it is a VLAN of. */
export function assertParent(parent: string): void {
  if (hasLink(parent) || hasLink(parseVlan(parent)?.link ?? '')) return;
  throw new PlimsollError('not-found', `the host has no link "${parent}"`, {
    code: 'PARENT_NOT_FOUND',
    hint: "'ip link' lists those that it has; eth0.50 stands for VLAN 50 on eth0",
    data: { parent },
  });
}

/** Makes the link of a VLAN if it is not there, marked as the root's own. Throws what `assertParent` does, `not-implemented`. */
export async function raiseParent(root: Pick<Root, 'id'>, parent: string): Promise<void> {
  assertParent(parent);
  const vlan = parseVlan(parent);
  if (hasLink(parent) || vlan === undefined) return;
  const commands = [
    `link add link ${vlan.link} name ${parent} type vlan id ${vlan.vlan}`,
    `link set ${parent} alias ${tableName(root)} up`,
  ];
  try {
    await runOrThrow('ip', ['-batch', '-'], { input: script(commands) });
  } catch (error) {
    if (hasLink(parent)) return; // another process was faster
    throw new PlimsollError(
      'not-implemented',
      `this host makes no link for VLAN ${vlan.vlan} on "${vlan.link}"`,
      {
        code: 'VLAN_REFUSED',
        hint: "load the module: 'sudo modprobe 8021q'; or choose the link itself as parent",
        cause: error,
      },
    );
  }
}

/** Takes away the links of VLANs that the root has made, but those `inUse`. */
export async function lowerParents(root: Pick<Root, 'id'>, inUse: readonly string[] = []): Promise<void> {
  for (const link of readdirSync('/sys/class/net')) {
    if (aliasOf(link) === tableName(root) && !inUse.includes(link)) await run('ip', ['link', 'del', link]);
  }
}

function aliasOf(link: string): string {
  try {
    return readFileSync(`/sys/class/net/${link}/ifalias`, 'latin1').trim();
  } catch {
    return ''; // it is gone meanwhile
  }
}

function hasLink(name: string): boolean {
  return /^[^/\s]{1,15}$/.test(name) && existsSync(`/sys/class/net/${name}`);
}
