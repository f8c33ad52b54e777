import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { runOrThrow as runHereOrThrow } from '../../kernel/index.ts';
import { attachCommands, script } from '../ip-batch.ts';
import { namespaceFolder } from '../names.ts';
import type { Link } from '../plug-link.ts';
import { runOrThrow } from './in-network.ts';

/**
 * Makes a container's link in the user's network; with its namespace, if it is the first. By commands, as
 * a process that has gone into a namespace of the user's could not come back to the machine's.
 */
export async function plugByCommands(
  link: Link,
  { newNamespace }: { readonly newNamespace: boolean },
): Promise<void> {
  const path = join(namespaceFolder, link.namespace);
  if (newNamespace) {
    mkdirSync(namespaceFolder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'wx', 0o444));
    await runHereOrThrow('unshare', [`--net=${path}`, 'true']);
  }
  const { host, name, mac, mtu } = link;
  await runOrThrow('ip', ['-batch', '-'], {
    input: script([
      `link add ${host} mtu ${mtu} type veth peer name ${name} address ${mac} mtu ${mtu} netns ${path}`,
      ...attachCommands(link),
    ]),
  });
  const ip = ['nsenter', [`--net=${path}`, '--', 'ip', '-batch', '-']] as const;
  await runHereOrThrow(...ip, { input: script(insideCommands(link)) });
}

function insideCommands({ name, address, gateway, address6, gateway6, wayOutMtu }: Link): string[] {
  const atMost = wayOutMtu === undefined ? '' : ` mtu ${wayOutMtu}`;
  return [
    'link set lo up',
    ...(address === undefined ? [] : [`addr add ${address} broadcast + dev ${name}`]),
    ...(address6 === undefined ? [] : [`addr add ${address6} dev ${name} nodad`]),
    `link set ${name} up`,
    ...(gateway === undefined ? [] : [`route add default via ${gateway}${atMost}`]),
    ...(gateway6 === undefined ? [] : [`route add default via ${gateway6}${atMost}`]),
  ];
}
