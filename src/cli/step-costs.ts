import type { StepCost } from '../engine/index.ts';

/**
 * What each entry of an image's history took to make, undefined for those of its base. A build's last stage made the end
 * of the history: entries and steps are paired from their ends, by instruction, as some steps leave no entry (ARG).
 */
export function alignCosts(
  history: readonly { readonly createdBy: string }[],
  costs: readonly StepCost[],
): (StepCost | undefined)[] {
  const stage = stageOf(costs.at(-1)?.name ?? '');
  const steps = costs.filter(({ name }) => stageOf(name) === stage);
  const aligned: (StepCost | undefined)[] = history.map(() => undefined);
  let entry = history.length - 1;
  for (const step of steps.toReversed()) {
    if (entry < 0) break;
    if (keywordOf(step.name.replace(/^\[[^\]]*\] /, '')) !== keywordOf(history[entry]?.createdBy ?? ''))
      continue;
    aligned[entry--] = step;
  }
  return aligned;
}

/** `builder` of `[builder 2/5] RUN make`; of the only stage, nothing. */
function stageOf(name: string): string {
  return /^\[(?:(\S+) )?\d+\/\d+\]/.exec(name)?.[1] ?? '';
}

function keywordOf(instruction: string): string {
  return instruction.split(/\s/, 1)[0]?.toUpperCase() ?? '';
}
