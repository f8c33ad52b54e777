import type { Instruction } from '../dockerfile/index.ts';
import type { StagedDockerfile } from '../plan/index.ts';
import { type Violation, violation } from './rules.ts';

/** StageNameCasing, FromAsCasing, ConsistentInstructionCasing. */
export function lintCasing({ stages }: StagedDockerfile): Violation[] {
  const all = stages.flatMap(({ from, instructions }) => [from, ...instructions]);
  return [...stages.flatMap(({ from }) => lintFrom(from)), ...lintInstructions(all)];
}

function lintFrom(from: Instruction): Violation[] {
  const [, keyword = '', as, name = ''] = /^(\S+).*\s(as)\s+(\S+)$/i.exec(from.text) ?? [];
  if (as === undefined) return [];
  const found: Violation[] = [];
  if (name !== name.toLowerCase()) {
    found.push(
      violation('StageNameCasing', from, {
        detail: `the name of the stage "${name}" has capitals`,
        fix: `write "${name.toLowerCase()}"`,
      }),
    );
  }
  const wanted = keyword === keyword.toLowerCase() ? 'as' : 'AS';
  if (as !== wanted && isOneCase(keyword)) {
    found.push(
      violation('FromAsCasing', from, {
        detail: `"${as}" is not written in the case of "${keyword}"`,
        fix: `write "${wanted}"`,
      }),
    );
  }
  return found;
}

/** The case of the most instructions is the right one; upper if there are as many of both. */
function lintInstructions(instructions: readonly Instruction[]): Violation[] {
  const words = instructions.map(keywordOf);
  const lower = words.filter(word => word === word.toLowerCase()).length;
  const upper = words.filter(word => word === word.toUpperCase()).length;
  const [name, convert] =
    lower > upper
      ? ['lower', (word: string) => word.toLowerCase()]
      : ['upper', (word: string) => word.toUpperCase()];
  return instructions.flatMap(instruction => {
    const word = keywordOf(instruction);
    if (word === convert(word)) return [];
    const detail = `"${word}" is not in ${name} case, as most instructions are`;
    return violation('ConsistentInstructionCasing', instruction, { detail, fix: `write "${convert(word)}"` });
  });
}

function keywordOf({ text }: Instruction): string {
  return /^\S+/.exec(text)?.[0] ?? '';
}

function isOneCase(word: string): boolean {
  return word === word.toLowerCase() || word === word.toUpperCase();
}
