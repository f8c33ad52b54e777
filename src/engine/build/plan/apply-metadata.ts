import { posix } from 'node:path';
import type { HealthcheckConfig, ImageProcessConfig } from '../../../oci/index.ts';
import type { CommandForm, Instruction } from '../dockerfile/index.ts';
import { parseExposedPorts } from './ports.ts';
import { isSignal } from './signals.ts';
import { environmentOf, type StageState, withField } from './stage-state.ts';
import type { WordExpander } from './variables.ts';

/** Instructions that change the image's config and no file. */
export type MetadataInstruction = Exclude<
  Instruction,
  { name: 'FROM' | 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' | 'ARG' }
>;

const defaultShell = ['/bin/sh', '-c'];

/** Carries out one of them on the state. Returns what the history says of it. `fail` tells the line. */
export function applyMetadata(
  state: StageState,
  instruction: MetadataInstruction,
  expander: WordExpander,
  fail: (sentence: string, hint: string) => never,
): string {
  const set = <K extends keyof ImageProcessConfig>(field: K, value: ImageProcessConfig[K] | undefined) => {
    state.config = withField(state.config, field, value);
  };
  switch (instruction.name) {
    case 'ENV': {
      const pairs = instruction.pairs.map(
        pair => [expander.word(pair.name), expander.word(pair.value)] as const,
      );
      const env = environmentOf(state.config);
      for (const [name, value] of pairs) env.set(name, value);
      set(
        'Env',
        [...env].map(([name, value]) => `${name}=${value}`),
      );
      return `ENV ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    }
    case 'LABEL': {
      const pairs = instruction.pairs.map(
        pair => [expander.word(pair.name), expander.word(pair.value)] as const,
      );
      set('Labels', { ...state.config.Labels, ...Object.fromEntries(pairs) });
      return `LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`;
    }
    case 'CMD':
      set('Cmd', commandArgs(instruction.command, state.config));
      state.commandSet = true;
      return `CMD ${JSON.stringify(state.config.Cmd)}`;
    case 'ENTRYPOINT':
      set('Entrypoint', commandArgs(instruction.command, state.config));
      if (!state.commandSet) set('Cmd', undefined);
      return `ENTRYPOINT ${JSON.stringify(state.config.Entrypoint)}`;
    case 'SHELL':
      set('Shell', instruction.words);
      return `SHELL ${JSON.stringify(instruction.words)}`;
    case 'EXPOSE': {
      const ports = instruction.ports
        .flatMap(text => expander.words(text))
        .flatMap(
          port =>
            parseExposedPorts(port) ??
            fail(
              `EXPOSE has "${port}", which is no port`,
              'write a number from 1 to 65535, such as 80 or 53/udp',
            ),
        );
      set('ExposedPorts', {
        ...state.config.ExposedPorts,
        ...Object.fromEntries(ports.map(port => [port, {}])),
      });
      return `EXPOSE ${ports.join(' ')}`;
    }
    case 'VOLUME': {
      const paths = instruction.paths.map(path => {
        const expanded = expander.word(path).trim();
        return expanded === '' ? fail('VOLUME has an empty path', 'give the variable a value') : expanded;
      });
      set('Volumes', { ...state.config.Volumes, ...Object.fromEntries(paths.map(path => [path, {}])) });
      return `VOLUME ${JSON.stringify(paths)}`;
    }
    case 'USER': {
      const user = expander.word(instruction.user);
      set('User', user === '' ? undefined : user); // as no USER at all
      return `USER ${user}`;
    }
    case 'STOPSIGNAL': {
      const signal = expander.word(instruction.signal);
      if (!isSignal(signal)) {
        fail(`STOPSIGNAL "${signal}" is no signal`, 'write a name such as SIGTERM, or a number');
      }
      set('StopSignal', signal);
      return `STOPSIGNAL ${signal}`;
    }
    case 'HEALTHCHECK': {
      const healthcheck = healthcheckOf(instruction);
      set('Healthcheck', healthcheck);
      return `HEALTHCHECK ${JSON.stringify(healthcheck)}`;
    }
    case 'MAINTAINER':
      state.author = instruction.author;
      return `MAINTAINER ${instruction.author}`;
    case 'ONBUILD':
      set('OnBuild', [...(state.config.OnBuild ?? []), instruction.trigger]);
      return `ONBUILD ${instruction.trigger}`;
  }
}

/** The shell form runs under SHELL. */
export function commandArgs(command: CommandForm, config: ImageProcessConfig): readonly string[] {
  return command.form === 'json' ? command.words : [...(config.Shell ?? defaultShell), command.text];
}

/** WORKDIR: relative to the one before it, always absolute in the result. */
export function workingDirectory(config: ImageProcessConfig, path: string): string {
  return posix.resolve('/', config.WorkingDir ?? '/', path);
}

/** The shell form runs under the SHELL of the image when it is checked. */
function healthcheckOf(instruction: Extract<Instruction, { name: 'HEALTHCHECK' }>): HealthcheckConfig {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction;
  if (command === undefined) return { Test: ['NONE'] };
  return {
    Test: command.form === 'json' ? ['CMD', ...command.words] : ['CMD-SHELL', command.text],
    ...(interval ? { Interval: interval } : {}),
    ...(timeout ? { Timeout: timeout } : {}),
    ...(startPeriod ? { StartPeriod: startPeriod } : {}),
    ...(startInterval ? { StartInterval: startInterval } : {}),
    ...(retries ? { Retries: retries } : {}),
  };
}
