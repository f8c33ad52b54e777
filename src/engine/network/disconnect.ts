import { anyBooked, type Booking, bookings, bookingsOf, unbook, unbookOne } from './address-book.ts';
import { linkName, namespaceName } from './names.ts';
import { type BridgeNetwork, bridgeNetworks, nameServerOn } from './networks.ts';
import { findParentNetwork, parentNetworks } from './parent/parent-networks.ts';
import { pullChild } from './plug-link.ts';
import { announce, leave, rules, type ServiceState, tidy, withInfrastructure } from './service-state.ts';

/** Takes all links of a container away, and its namespace. */
export async function disconnect(state: ServiceState, container: string): Promise<void> {
  const { root, db, driver, events } = state;
  const booked = bookingsOf(db, container);
  const networks = bridgeNetworks(db).filter(({ name }) => booked.some(({ network }) => network === name));
  await Promise.all([
    driver.unplug(namespaceName(root, container)),
    ...booked.filter(({ ports }) => ports.length > 0).map(booking => unpublish(state, booking)),
    forgetNames(state, container, networks),
  ]);
  if (!unbook(db, container)) return await tidy(state);
  await state.published?.close(container); // another process may have opened them anew while they were booked
  const onParents = parentNetworks(db).filter(({ name }) => booked.some(({ network }) => network === name));
  for (const network of [...networks, ...onParents]) announce(events, network, 'disconnect', container);
  if (!anyBooked(db)) await leave(state);
}

/** Takes one of a container's links away; its namespace stays. */
export async function disconnectOne(state: ServiceState, container: string, name: string): Promise<void> {
  const { root, db, driver, events } = state;
  const booking = bookingsOf(db, container).find(({ network }) => network === name);
  if (booking === undefined) return;
  if (bookingsOf(db, container).length === 1) return await disconnect(state, container);
  const onParent = findParentNetwork(db, name);
  const networks = bridgeNetworks(db).filter(network => network.name === name);
  await Promise.all([
    onParent === undefined
      ? driver.pull({ host: linkName(root, booking) })
      : pullChild(namespaceName(root, container), booking.interface),
    booking.ports.length > 0 ? unpublish(state, booking) : undefined,
    forgetNames(state, container, networks),
  ]);
  unbookOne(db, booking);
  for (const network of onParent === undefined ? networks : [onParent])
    announce(events, network, 'disconnect', container);
}

/** One network after another: they share a lock. */
async function forgetNames(
  { names }: ServiceState,
  container: string,
  networks: readonly BridgeNetwork[],
): Promise<void> {
  for (const network of networks) {
    await names.update(network.name, nameServerOn(network), entries =>
      entries.filter(entry => entry.container !== container),
    );
  }
}

/** Takes the ports out of the table; if it is not as it should be, makes it anew without them. */
async function unpublish(state: ServiceState, booking: Booking): Promise<void> {
  await state.published?.close(booking.container);
  const { db, driver } = state;
  await driver.deletePorts(rules(booking)).catch(() =>
    withInfrastructure(state, async () => {
      const networks = bridgeNetworks(db).filter(network => driver.isUp(network));
      if (networks.length === 0) return;
      const others = bookings(db).filter(({ container }) => container !== booking.container);
      await driver.raise(networks, others.flatMap(rules));
    }),
  );
}
