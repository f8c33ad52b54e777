import { closeSync, openSync, readSync } from 'node:fs';
import { isPlimsollError } from '../../errors.ts';
import { run } from '../kernel/index.ts';
import { installCommand } from './distro.ts';
import { findTool } from './host-tools.ts';
import type { Distro, Finding, HostTool } from './types.ts';

export interface ToolHost {
  readonly folders: readonly string[];
  readonly distro: Distro;
  readonly root: boolean;
  /** Milliseconds that a tool has to say its version: many on a machine that is busy installing. Default: 10 s. */
  readonly patienceMs?: number;
}

/** A row per tool: where it is and its version, or what does not work without it and how to get it. */
export async function examineTools(tools: readonly HostTool[], host: ToolHost): Promise<Finding[]> {
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
  { folders, distro, root, patienceMs = 10_000 }: ToolHost,
): Promise<Finding> {
  const [path] = findTool(tool, folders) ?? [];
  if (path === undefined) return lacking(tool, 'not installed', { distro, root });
  if (tool.static === true && !isStatic(path)) {
    return lacking(tool, `${path} needs shared libraries`, { distro, root });
  }
  const said = tool.version?.none === true ? '' : await askVersion(path, tool, patienceMs);
  if (said === undefined)
    return { area: 'tool', name: tool.name, status: 'ok', found: `${path}, too busy to say its version` };
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

/** What the command says of itself; undefined if it says nothing in time, as on a machine that is very busy. */
async function askVersion(
  path: string,
  { version }: HostTool,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(path, version?.args ?? ['--version'], { timeoutMs });
    return `${stdout}\n${stderr}`;
  } catch (error) {
    return isPlimsollError(error, 'deadline') ? undefined : '';
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
