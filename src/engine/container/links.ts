import { isPlimsollError, PlimsollError } from '../../errors.ts';
import { attachmentsOf } from './attachments.ts';
import type { ContainerSpec, NetworkAttachment } from './types.ts';
import type { World } from './world.ts';

/**
 * Docker's links (`--link db:database`, as docker-compose still asks for): a name for another container on the same
 * network that only the one with the link knows. It stands in /etc/hosts, with the address that the other has when
 * this one starts. Returns the lines, and what the names are of that could not be found, a sentence each.
 */
export function linkedHosts(world: World, spec: ContainerSpec): { lines: string[]; warnings: string[] } {
  const lines: string[] = [];
  const warnings: string[] = [];
  for (const { network, links = [] } of attachmentsOf(spec)) {
    for (const { container, alias } of links) {
      const address = addressOn(world, network, container);
      if (address !== undefined) lines.push(`${address}\t${alias}\n`);
      else
        warnings.push(
          `"${container}" is not running on the network "${network}": its name "${alias}" is not known here`,
        );
    }
  }
  return { lines, warnings };
}

/** Throws `invalid-argument` where an alias is no name that a line of /etc/hosts can have. */
export function validateLinks({ links = [] }: NetworkAttachment): void {
  const wrong = links.find(({ alias, container }) => container === '' || !/^[\w.-]+$/.test(alias));
  if (wrong === undefined) return;
  throw new PlimsollError('invalid-argument', `"${wrong.container}:${wrong.alias}" is no link`, {
    code: 'LINK_INVALID',
    hint: 'write CONTAINER:ALIAS, such as db:database',
  });
}

function addressOn(world: World, network: string, container: string): string | undefined {
  try {
    const member = world.networks.inspect(network).containers[world.records.find(container).id];
    return member?.address ?? member?.address6;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return undefined;
    throw error;
  }
}
