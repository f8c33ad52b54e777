import type { StagedDockerfile } from '../plan/index.ts';
import { type Violation, violation } from './rules.ts';

const reserved = ['scratch', 'context'];

/** DuplicateStageName, ReservedStageName. */
export function lintStageNames({ stages }: StagedDockerfile): Violation[] {
  const seen = new Map<string, number>();
  return stages.flatMap(({ from }) => {
    const { alias } = from;
    if (alias === undefined) return [];
    const found: Violation[] = [];
    if (reserved.includes(alias)) {
      found.push(
        violation('ReservedStageName', from, {
          detail: `a stage cannot be meant by "${alias}", which stands for something else`,
          fix: 'give the stage another name',
        }),
      );
    }
    const before = seen.get(alias);
    if (before !== undefined) {
      found.push(
        violation('DuplicateStageName', from, {
          detail: `the stage of line ${before} is called "${alias}" too`,
          fix: 'give one of the two another name',
        }),
      );
    }
    seen.set(alias, from.start);
    return found;
  });
}
