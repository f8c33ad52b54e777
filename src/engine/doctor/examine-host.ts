import { readDistro } from './distro.ts';
import { examineStorage } from './examine-storage.ts';
import { examineTools } from './examine-tools.ts';
import { readHostFacts } from './host-facts.ts';
import { findTool, hostTools, toolFolders } from './host-tools.ts';
import { judgeFacts } from './judge-facts.ts';
import type { Finding } from './types.ts';

/**
 * Examines this machine: each host tool, the kernel, privileges, network and disk, a row each. Changes nothing but what
 * is remembered of the file system of a root, needs no engine, and never throws for what it does not find.
 */
export async function examineHost(options: {
  /** Folder of the root that plimsoll would use; its disk is looked at, and what works on it is tried. */
  dataDir: string;
  /** The command line that is plimsoll: an ordinary user's file systems are tried in namespaces that it can enter. */
  self?: readonly string[];
  /** `test`: also what only the tests use. */
  purpose?: 'start' | 'test';
}): Promise<Finding[]> {
  const folders = toolFolders(process.env.PATH);
  const tools = hostTools.filter(tool => tool.for === 'start' || options.purpose === 'test');
  const nftables = hostTools.find(tool => tool.commands.includes('nft'));
  const [nft] = (nftables && findTool(nftables, folders)) ?? [];
  const root = process.getuid?.() === 0;
  const [facts, storage, found] = await Promise.all([
    readHostFacts({ dataDir: options.dataDir, ...(nft === undefined ? {} : { nft }) }),
    examineStorage(options),
    examineTools(tools, { folders, distro: readDistro(), root }),
  ]);
  return [...found, ...judgeFacts({ ...facts, ...(storage === undefined ? {} : { storage }) })];
}
