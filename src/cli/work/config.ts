import type { Command } from 'commander';
import type { WorkConfigChange } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { parsePairs } from '../parse/parse-pairs.ts';

interface ConfigOptions {
  readonly cmd?: string;
  readonly entrypoint?: string;
  readonly env?: string[];
  readonly label?: string[];
  readonly user?: string;
  readonly workingdir?: string;
  readonly port?: string[];
  readonly volume?: string[];
  readonly author?: string;
  readonly stopSignal?: string;
  readonly shell?: string;
  readonly healthcheck?: string;
  readonly onbuild?: string[];
  readonly change?: string[];
}

/** `work config CONTAINER` */
export function configureConfig(command: Command, cli: Cli): void {
  const config = command.command('config').description('Change what the image will say of itself');
  examples(config, `plimsoll work config --cmd '["nginx"]' -p 80 -e MODE=fast -l version=1 web`)
    .argument('<container>')
    .option('--cmd <command>', 'CMD: words, or a JSON list of them')
    .option('--entrypoint <command>', 'ENTRYPOINT: words, or a JSON list of them')
    .option('-e, --env <name=value>', 'Variable; NAME- takes it away', collect)
    .option('-l, --label <name=value>', 'Label; NAME- takes it away', collect)
    .option('-u, --user <user>', 'USER')
    .option('--workingdir <folder>', 'WORKDIR')
    .option('-p, --port <port>', 'EXPOSE', collect)
    .option('-v, --volume <folder>', 'VOLUME', collect)
    .option('-a, --author <author>', 'Who made it')
    .option('--stop-signal <signal>', 'STOPSIGNAL')
    .option('--shell <words>', 'SHELL: a JSON list of words')
    .option('--healthcheck <check>', 'HEALTHCHECK, as in: --interval=5s CMD curl -f localhost')
    .option('--onbuild <instruction>', 'ONBUILD', collect)
    .option('-c, --change <instruction>', 'Any Dockerfile instruction that changes no file', collect)
    .action(async (name: string, options: ConfigOptions) => {
      const engine = await cli.engine();
      engine.works.config(name, configChange(options));
    });
}

function configChange(options: ConfigOptions): WorkConfigChange {
  const { user, workingdir, author } = options;
  const line = (keyword: string, value: string | undefined) =>
    value === undefined ? [] : [`${keyword} ${value}`];
  const lines = (keyword: string, values: readonly string[] = []) =>
    values.map(value => `${keyword} ${value}`);
  return {
    env: editsOf(options.env ?? [], '--env'),
    labels: editsOf(options.label ?? [], '--label'),
    ...(user === undefined ? {} : { user }),
    ...(workingdir === undefined ? {} : { cwd: workingdir }),
    ...(author === undefined ? {} : { author }),
    changes: [
      ...line('SHELL', options.shell),
      ...line('ENTRYPOINT', options.entrypoint),
      ...line('CMD', options.cmd),
      ...lines('EXPOSE', options.port),
      ...lines('VOLUME', options.volume),
      ...line('STOPSIGNAL', options.stopSignal),
      ...line('HEALTHCHECK', options.healthcheck),
      ...lines('ONBUILD', options.onbuild),
      ...(options.change ?? []),
    ],
  };
}

/** `NAME=VALUE` sets, `NAME-` takes away, as Buildah has it. */
function editsOf(texts: readonly string[], option: string): Record<string, string | undefined> {
  const [gone, set] = [
    texts.filter(text => /^[^=]+-$/.test(text)),
    texts.filter(text => !/^[^=]+-$/.test(text)),
  ];
  return {
    ...parsePairs(set, option),
    ...Object.fromEntries(gone.map(text => [text.slice(0, -1), undefined])),
  };
}
