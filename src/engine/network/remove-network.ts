import { PlimsollError } from '../../errors.ts';
import type { Database } from '../store/index.ts';
import { bookings } from './address-book.ts';
import { bridgeNetworks, defaultNetwork, fixedNetworks, networkNotFound, usedNetworks } from './networks.ts';
import { lowerParents } from './parent/parent-link.ts';
import { type ParentNetwork, parentNetworks } from './parent/parent-networks.ts';
import { rules, type ServiceState, withInfrastructure } from './service-state.ts';

/** A network that somebody is on stays; its bridge goes with its row. */
export async function removeNetwork(state: ServiceState, name: string): Promise<void> {
  const { db, driver, names } = state;
  const isIt = (network: { id: string; name: string }) => network.name === name || network.id === name;
  const onParent = parentNetworks(db).find(isIt);
  if (onParent !== undefined) return await removeParentNetwork(state, onParent);
  const found = bridgeNetworks(db).find(isIt);
  if (found === undefined && !fixedNetworks(state.root).some(fixed => fixed.name === name)) {
    throw networkNotFound(name);
  }
  if (found === undefined || found.name === defaultNetwork) throw builtIn(name);
  await withInfrastructure(state, async () => {
    forget(state, found);
    await names.forget(found.name);
    if (!driver.hasBridge(found.bridge)) return;
    const rest = usedNetworks(db);
    if (rest.length > 0) await driver.raise(rest, bookings(db).flatMap(rules));
    await driver.removeBridge(found);
  });
}

async function removeParentNetwork(state: ServiceState, network: ParentNetwork): Promise<void> {
  await withInfrastructure(state, async () => {
    forget(state, network);
    const rest = parentNetworks(state.db).map(({ parent }) => parent);
    await lowerParents(state.root, rest);
  });
}

/** Takes its row away; throws `conflict` (`NETWORK_IN_USE`) while somebody is on it. */
function forget(
  { db, events }: ServiceState,
  { id, name, driver = 'bridge' }: { id: string; name: string; driver?: string },
): void {
  db.transaction(() => {
    const users = bookings(db, name).map(({ container }) => container);
    if (users.length > 0) throw networkInUse(db, name, users);
    db.run('DELETE FROM networks WHERE name = ?', name);
    events.emit('network', 'destroy', id, { name, type: driver });
  });
}

function builtIn(name: string): PlimsollError {
  return new PlimsollError('permission-denied', `the network "${name}" is built in, and cannot be removed`, {
    code: 'NETWORK_BUILT_IN',
    data: { network: name },
  });
}

function networkInUse(db: Database, name: string, users: readonly string[]): PlimsollError {
  const who = users.map(
    user => db.get('SELECT name FROM containers WHERE id = ?', user)?.name ?? user.slice(0, 12),
  );
  return new PlimsollError('conflict', `the network "${name}" is in use by ${who.join(', ')}`, {
    code: 'NETWORK_IN_USE',
    hint: `stop them, or take them off it with 'plimsoll network disconnect ${name} CONTAINER'`,
    data: { network: name, containers: users },
  });
}
