import { type Command, Option } from 'commander';
import type { ArchiveFormat } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { closeStream } from '../close-stream.ts';
import { examples } from '../examples.ts';
import { writeStream } from '../write-stream.ts';
import { writeWholeFile } from '../write-whole-file.ts';

interface SaveOptions {
  readonly output?: string;
  readonly format?: ArchiveFormat;
  readonly platform?: string;
}

/** `save [-o FILE] [--format FORMAT] NAME…` */
export function configureSave(command: Command, cli: Cli): void {
  examples(command, 'plimsoll save -o web.tar web:1', 'plimsoll save web | gzip | ssh ship plimsoll load')
    .argument('<image...>', 'Names or ids; a repository without a tag means all its tags')
    .option('-o, --output <file>', 'Write into a file instead of the output')
    .addOption(
      new Option('--format <format>', 'For readers of one format alone (default: for all)').choices([
        'docker-archive',
        'oci-archive',
      ]),
    )
    .option('--platform <platform>', 'Which image of a name, as in linux/arm64')
    .action(async (names: string[], options: SaveOptions) => {
      const engine = await cli.engine();
      const { output, format, platform } = options;
      const archive = await engine.archives.save({
        names,
        signal: cli.signal,
        ...(format === undefined ? {} : { format }),
        ...(platform === undefined ? {} : { platform }),
      });
      try {
        if (output === undefined) await writeStream(cli, archive);
        else await writeWholeFile(cli, output, archive);
      } finally {
        await closeStream(archive);
      }
    });
}
