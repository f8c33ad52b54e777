import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import type { Cli } from '../../src/cli/cli.ts';
import { commandTable } from '../../src/cli/command-table.ts';
import { DockerCommand } from '../../src/cli/docker-command.ts';
import { dockerClients, noDocker } from '../support/daemon-of-own.ts';

/** The table of what docker has and plimsoll has not, in the README: all that stands in backquotes in it. */
const missing = (() => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, table = ''] = /\n\| of docker's CLI \| why plimsoll has it not \|\n(.*?)\n\n/s.exec(readme) ?? [];
  return table
    .split('\n')
    .flatMap(line => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word));
})();

for (const client of dockerClients)
  test(`every command and option of ${client} is there, or in the README's table of what is missing`, {
    skip: noDocker,
  }, () => {
    assert.ok(missing.length > 10, 'the README has no such table');
    const lacking = walk(client, []).filter(({ words, flag }) => !isTold(words, flag));
    assert.deepEqual(
      lacking.map(({ words, flag }) => [...words, flag ?? ''].join(' ').trim()),
      [],
    );
  });

interface Lacking {
  readonly words: readonly string[];
  readonly flag?: string;
}

/** What docker's help names below these words and plimsoll does not know. */
function walk(client: string, words: readonly string[]): Lacking[] {
  const { commands, flags } = readHelp(client, words);
  const lacking: Lacking[] = [];
  for (const name of commands) {
    const below = [...words, name];
    if (find(below) === undefined) lacking.push({ words: below });
    else lacking.push(...walk(client, below));
  }
  const own = find(words);
  if (own === undefined || commands.length > 0) return lacking;
  // Those that are refused with a reason are known, and missing.
  const known = own.options
    .filter(({ hidden, presetArg }) => !hidden || presetArg === undefined)
    .flatMap(({ long, short }) => [long, short]);
  return [...lacking, ...flags.filter(flag => !known.includes(flag)).map(flag => ({ words, flag }))];
}

/** The command of plimsoll; undefined for none, and for a group. */
function find([verb = '', ...rest]: readonly string[]): Command | undefined {
  const entry = commandTable.find(({ name }) => name === verb);
  if (entry === undefined) return undefined;
  let command: Command = new DockerCommand(verb);
  entry.configure(command, {} as Cli);
  for (const word of rest) {
    const child = command.commands.find(each => each.name() === word || each.aliases().includes(word));
    const isChoice = command.registeredArguments.some(({ argChoices }) => argChoices?.includes(word));
    if (child === undefined) return isChoice ? command : undefined;
    command = child;
  }
  return command;
}

function isTold(words: readonly string[], flag: string | undefined): boolean {
  const name = words.join(' ');
  if (flag === undefined) return words.some((_, i) => missing.includes(words.slice(0, i + 1).join(' ')));
  const verb = words.at(-1) ?? '';
  return [flag, `${words[0]} ${flag}`, `${verb} ${flag}`, `${name} ${flag}`].some(each =>
    missing.includes(each),
  );
}

function readHelp(client: string, words: readonly string[]): { commands: string[]; flags: string[] } {
  const env = { PATH: process.env.PATH, HOME: '/nowhere', DOCKER_HOST: 'unix:///nowhere.sock' };
  const text = execFileSync(client, [...words, '--help'], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const commands: string[] = [];
  const flags: string[] = [];
  let heading = '';
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) heading = line;
    const [, command] = /^ {2}(\w[\w-]*)\*? {2,}/.exec(line) ?? [];
    if (command !== undefined && /Commands:$/.test(heading)) commands.push(command);
    const [, short, long] = /^ +(?:(-\w), )?(--[\w-]+)/.exec(line) ?? [];
    if (long !== undefined && words.length > 0 && long !== '--help')
      flags.push(...(short === undefined ? [] : [short]), long);
  }
  return { commands, flags };
}
