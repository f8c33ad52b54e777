import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { containerOptions } from '../container-options.ts';
import { type ContainerOptions, toContainerSpec } from '../container-spec.ts';
import { examples } from '../examples.ts';
import { exposedPorts } from '../exposed-ports.ts';
import { printWarnings } from '../print-warnings.ts';

/** `create [OPTIONS] IMAGE [COMMAND...]` */
export function configureCreate(command: Command, cli: Cli): void {
  examples(containerOptions(command), 'plimsoll create --name batch busybox sh -c "echo done"').action(
    async (image: string, words: string[], options: ContainerOptions) => {
      const engine = await cli.engine();
      const exposed = options.publishAll ? exposedPorts(engine, image) : [];
      const spec = toContainerSpec(image, words, options, { env: cli.env, cwd: cli.cwd, exposed });
      const { id, warnings } = await engine.containers.create(spec, { signal: cli.signal });
      printWarnings(cli, warnings);
      cli.stdout.write(`${id}\n`);
    },
  );
}
