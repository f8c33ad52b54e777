import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { writeStream } from '../write-stream.ts';
import { writeWholeFile } from '../write-whole-file.ts';

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
        else await writeWholeFile(cli, output, tar);
      } finally {
        tar.destroy();
      }
    });
}
