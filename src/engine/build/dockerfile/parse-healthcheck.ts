import { parseDuration } from './duration.ts';
import { type Fail, Flags } from './flags.ts';
import type { HealthcheckInstruction } from './instruction.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** Understands HEALTHCHECK. Like docker, 0 means the default; any other duration is at least 1 ms. */
export function parseHealthcheck(node: SyntaxNode, fail: Fail): HealthcheckInstruction {
  const known = {
    interval: 'value',
    timeout: 'value',
    'start-period': 'value',
    'start-interval': 'value',
    retries: 'value',
  } as const;
  const flags = new Flags(node, known, fail);
  const given = node.arguments;
  const type = given.form === 'typed' ? given.type.toUpperCase() : '';
  if (given.form !== 'typed' || type === '') {
    return fail('HEALTHCHECK needs CMD or NONE', {
      hint: 'write HEALTHCHECK CMD command, or HEALTHCHECK NONE',
    });
  }
  const { command } = given;
  const empty = command.form === 'json' ? command.words.length === 0 : command.text === '';
  if (type === 'NONE') {
    if (!empty || command.form === 'json' || node.flags.length > 0)
      fail('HEALTHCHECK NONE takes nothing more');
    return { name: 'HEALTHCHECK' };
  }
  if (type !== 'CMD') {
    return fail(`HEALTHCHECK has no type "${given.type}"`, { hint: 'use CMD or NONE' });
  }
  if (empty) fail('HEALTHCHECK CMD needs a command');
  const duration = (flag: string, name: string) => {
    const text = flags.value(flag);
    return text === undefined ? {} : { [name]: durationOf(flag, text, fail) };
  };
  return {
    name: 'HEALTHCHECK',
    command,
    ...duration('interval', 'interval'),
    ...duration('timeout', 'timeout'),
    ...duration('start-period', 'startPeriod'),
    ...duration('start-interval', 'startInterval'),
    ...retriesOf(flags.value('retries'), fail),
  };
}

function durationOf(flag: string, text: string, fail: Fail): number {
  const value = parseDuration(text);
  if (value === undefined || (value > 0 && value < 1e6)) {
    return fail(`"HEALTHCHECK --${flag}=${text}" is no duration of at least 1 ms`, {
      hint: 'write it like 30s, 1m30s or 500ms',
    });
  }
  return value;
}

function retriesOf(text: string | undefined, fail: Fail): { retries?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,9}$/.test(text))
    return fail(`"HEALTHCHECK --retries=${text}" is no number`, {
      hint: 'write how often it may fail, such as 3; a variable cannot stand there',
    });
  return { retries: Number(text) };
}
