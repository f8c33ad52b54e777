import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../store/index.ts';
import { createBridgeDriver } from './bridge-driver.ts';
import { createNameServer } from './name-server.ts';
import { listLinks, rootOfBridge } from './names.ts';
import { lowerParents } from './parent/parent-link.ts';

/** Takes away what a root left in the kernel whose folder has been deleted: known by names that follow from its id. */
export async function lowerForgotten(root: Root): Promise<void> {
  mkdirSync(join(root.runDir, 'locks'), { recursive: true }); // it may be gone with the folder, and locks lie in it
  const driver = createBridgeDriver(root);
  for (const namespace of driver.namespaces()) await driver.unplug(namespace);
  await createNameServer(root).stop();
  const bridges = listLinks().filter(link => rootOfBridge(link) === root.id);
  await driver.lower(bridges.map(bridge => ({ bridge })));
  await lowerParents(root);
  rmSync(root.runDir, { recursive: true, force: true });
}
