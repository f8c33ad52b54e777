import type { Command } from 'commander';
import { PlimsollError } from '../../errors.ts';
import { describeHostPort } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `port CONTAINER [PORT[/PROTOCOL]]` */
export function configurePort(command: Command, cli: Cli): void {
  examples(command, 'plimsoll port web', 'plimsoll port web 80/tcp')
    .argument('<container>')
    .argument('[port]', 'Only where this port of the container leads')
    .action(async (name: string, wanted: string | undefined) => {
      const engine = await cli.engine();
      const { ports } = engine.containers.inspect(name);
      const key = wanted === undefined || wanted.includes('/') ? wanted : `${wanted}/tcp`;
      const found = ports.filter(
        port => key === undefined || `${port.containerPort}/${port.protocol}` === key,
      );
      if (key !== undefined && found.length === 0) {
        throw new PlimsollError('not-found', `"${name}" does not publish port ${key}`, {
          code: 'PORT_NOT_FOUND',
        });
      }
      for (const port of found) {
        const { containerPort, protocol } = port;
        const target = describeHostPort(port);
        cli.stdout.write(key === undefined ? `${containerPort}/${protocol} -> ${target}\n` : `${target}\n`);
      }
    });
}
