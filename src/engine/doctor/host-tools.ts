import { delimiter } from 'node:path';
import { findInFolders } from '../kernel/index.ts';
import table from './host-tools.json' with { type: 'json' };
import type { HostTool } from './types.ts';

/** Every host command that plimsoll or its tests start, and the package that brings it. */
export const hostTools: readonly HostTool[] = table as readonly HostTool[];

/** The paths of a tool's commands on this machine; undefined if it is missing. */
export function findTool(tool: HostTool, folders: readonly string[]): string[] | undefined {
  const paths = tool.commands.map(command => findInFolders(command, folders));
  const found = paths.filter(path => path !== undefined);
  if (tool.all === true) return found.length === tool.commands.length ? found : undefined;
  return found.length > 0 ? found.slice(0, 1) : undefined;
}

/** Where host commands may be: PATH, and folders that an ordinary user's PATH leaves out. */
export function toolFolders(path: string | undefined): string[] {
  const further = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/lib/podman', '/usr/libexec/podman'];
  return [...new Set([...(path ?? '').split(delimiter).filter(folder => folder !== ''), ...further])];
}
