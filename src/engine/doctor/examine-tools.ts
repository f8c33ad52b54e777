import { closeSync, openSync, readSync } from 'node:fs';
import { run } from '../kernel/index.ts';
import { installCommand } from './distro.ts';
import { findTool } from './host-tools.ts';
import type { Distro, Finding, HostTool } from './types.ts';

/** A row per tool: where it is and its version, or what does not work without it and how to get it. */
export async function examineTools(
  tools: readonly HostTool[],
  host: { folders: readonly string[]; distro: Distro; root: boolean },
): Promise<Finding[]> {
  return await Promise.all(tools.map(tool => examineTool(tool, host)));
}

/** The tools that `examineTools` would call missing, without asking for versions: fast. */
export function missingTools(tools: readonly HostTool[], folders: readonly string[]): HostTool[] {
  return tools.filter(tool => {
    const [path] = findTool(tool, folders) ?? [];
    return path === undefined || (tool.static === true && !isStatic(path));
  });
}

async function examineTool(
  tool: HostTool,
  { folders, distro, root }: { folders: readonly string[]; distro: Distro; root: boolean },
): Promise<Finding> {
  const [path] = findTool(tool, folders) ?? [];
  if (path === undefined) return lacking(tool, 'not installed', { distro, root });
  if (tool.static === true && !isStatic(path)) {
    return lacking(tool, `${path} needs shared libraries`, { distro, root });
  }
  const said = tool.version?.none === true ? '' : await askVersion(path, tool.version?.args ?? ['--version']);
  if (tool.version?.mustSay !== undefined && !said.includes(tool.version.mustSay)) {
    return lacking(tool, `${path} is another program of that name`, { distro, root });
  }
  const version = /\d+\.\d[\w.+~-]*/.exec(said.split('\n').find(line => /\d\.\d/.test(line)) ?? '')?.[0];
  return {
    area: 'tool',
    name: tool.name,
    status: 'ok',
    found: version === undefined ? path : `${path} ${version}`,
  };
}

function lacking(tool: HostTool, found: string, host: { distro: Distro; root: boolean }): Finding {
  const names = tool.commands.join(tool.all === true ? ' and ' : ' or ');
  return {
    area: 'tool',
    name: tool.name,
    status: tool.needed === 'required' ? 'missing' : 'warn',
    found,
    without: `it ${tool.purpose}`,
    fix: installCommand(host.distro, [tool], host) ?? `install the package that brings ${names}`,
  };
}

/** What the command says of itself; empty if it says nothing in time. */
async function askVersion(path: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(path, args, { timeoutMs: 2000 });
    return `${stdout}\n${stderr}`;
  } catch {
    return '';
  }
}

/** True for an ELF file that names no loader: the PT_INTERP string stands near its head (elf(5)). */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(8192);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  return !/\/(lib|lib64|libx32|nix\/store)\/[^\0]*ld-/.test(head.toString('latin1'));
}
