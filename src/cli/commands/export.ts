import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { writeStream } from '../write-stream.ts';

/** `export [-o FILE] CONTAINER` */
export function configureExport(command: Command, cli: Cli): void {
  examples(command, 'plimsoll export -o web.tar web', 'plimsoll export web | tar t')
    .argument('<container>')
    .option('-o, --output <file>', 'Write into a file instead of the output')
    .action(async (name: string, { output }: { output?: string }) => {
      const engine = await cli.engine();
      const tar = await engine.files.export(name, { signal: cli.signal });
      try {
        if (output === undefined) await writeStream(cli, tar);
        else await writeWhole(resolve(cli.cwd, output), tar, cli.signal);
      } finally {
        tar.destroy();
      }
    });
}

/** Under its name only when it is complete. */
async function writeWhole(path: string, bytes: NodeJS.ReadableStream, signal: AbortSignal): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(bytes, createWriteStream(temporary, { flags: 'wx' }), { signal });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
