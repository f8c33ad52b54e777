import { posix } from 'node:path';
import type { Instruction } from '../dockerfile/index.ts';
import type { StagedDockerfile } from '../plan/index.ts';
import type { LintRequest } from './request.ts';
import { type Violation, violation } from './rules.ts';

/**
 * MaintainerDeprecated, LegacyKeyValueFormat, SecretsUsedInArgOrEnv, CopyIgnoredFile, ExposeProtoCasing,
 * ExposeInvalidFormat: rules for which one instruction is enough.
 */
export function lintSingleLines(request: LintRequest, { globalArgs, stages }: StagedDockerfile): Violation[] {
  const all = [...globalArgs, ...stages.flatMap(({ instructions }) => instructions)];
  return all.flatMap(instruction => lintOne(instruction, request));
}

function lintOne(instruction: Instruction, request: LintRequest): Violation[] {
  switch (instruction.name) {
    case 'MAINTAINER':
      return [
        violation('MaintainerDeprecated', instruction, {
          detail: 'MAINTAINER is out of use',
          fix: `write LABEL org.opencontainers.image.authors="${instruction.author.replaceAll('"', '\\"')}"`,
        }),
      ];
    case 'ENV':
    case 'LABEL':
      return [...legacyFormat(instruction), ...(instruction.name === 'ENV' ? secretNames(instruction) : [])];
    case 'ARG':
      return secretNames(instruction);
    case 'COPY':
    case 'ADD':
      return ignoredFiles(instruction, request);
    case 'EXPOSE':
      return exposedPorts(instruction);
    default:
      return [];
  }
}

function legacyFormat(instruction: Extract<Instruction, { name: 'ENV' | 'LABEL' }>): Violation[] {
  const [pair] = instruction.pairs;
  if (pair?.legacy !== true) return [];
  const value = /[\s"']/.test(pair.value) ? JSON.stringify(pair.value) : pair.value;
  return [
    violation('LegacyKeyValueFormat', instruction, {
      detail: `"${instruction.name} ${pair.name} VALUE" is the old form`,
      fix: `write ${instruction.name} ${pair.name}=${value}`,
    }),
  ];
}

/** Words of names, between underscores: what a secret is called, and what takes that meaning away again. */
const secret = /(^|_)(apikey|auth|credentials?|key|password|passwd|pword|secret|token)(_|$)/i;
const harmless = /(^|_)(public|file|version)(_|$)/i;

function secretNames(instruction: Extract<Instruction, { name: 'ENV' | 'ARG' }>): Violation[] {
  const names =
    instruction.name === 'ENV'
      ? instruction.pairs.map(({ name }) => name)
      : instruction.arguments.map(({ name }) => name);
  return names
    .filter(name => secret.test(name) && !harmless.test(name))
    .map(name =>
      violation('SecretsUsedInArgOrEnv', instruction, {
        detail: `the value of "${name}" is kept in the image, where everybody can read it`,
        fix: `use RUN --mount=type=secret,id=${name},env=${name} and build with --secret id=${name}`,
      }),
    );
}

function ignoredFiles(
  instruction: Extract<Instruction, { name: 'COPY' | 'ADD' }>,
  { isIgnored }: LintRequest,
): Violation[] {
  if (instruction.name === 'COPY' && instruction.from !== undefined) return [];
  return instruction.sources
    .filter(source => !/[$*?[\\]|^[a-z]+:\/\/|^\S+@\S+:/i.test(source))
    .map(source => posix.normalize(`/${source}`).replace(/^\/|\/$/g, ''))
    .filter(path => path !== '' && isIgnored(path))
    .map(path =>
      violation('CopyIgnoredFile', instruction, {
        detail: `"${path}" is left out by the ignore file`,
        fix: `let it in there with a line "!${path}", or do not copy it`,
      }),
    );
}

function exposedPorts(instruction: Extract<Instruction, { name: 'EXPOSE' }>): Violation[] {
  return instruction.ports.flatMap(port => {
    const [, before, own = '', protocol = ''] = /^(.*:)?([^:/]*)(?:\/(.*))?$/.exec(port) ?? [];
    const found: Violation[] = [];
    if (protocol !== protocol.toLowerCase() && !protocol.includes('$')) {
      found.push(
        violation('ExposeProtoCasing', instruction, {
          detail: `the protocol of "${port}" has capitals`,
          fix: `write ${port.toLowerCase()}`,
        }),
      );
    }
    if (before !== undefined && !port.includes('${')) {
      found.push(
        violation('ExposeInvalidFormat', instruction, {
          detail: `"${port}" has more than a port of the container`,
          fix: `write ${protocol === '' ? own : `${own}/${protocol.toLowerCase()}`}`,
        }),
      );
    }
    return found;
  });
}
