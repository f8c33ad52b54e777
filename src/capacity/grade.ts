/** By what share of a machine is in use: from `A`, well used, to `F`, empty. */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'F';

/** What a resource of a machine is graded by. */
interface GradedResource {
  readonly capacity: number;
  readonly used: number;
  readonly usedP95?: number;
}

/** Use of this share of a machine is as much as one can wish for: the rest is for peaks. */
const wellUsed = 0.7;
/** From which score on (0..100) a machine has which grade. */
const grades: readonly (readonly [Grade, number])[] = [
  ['A', 90],
  ['B', 70],
  ['C', 55],
  ['D', 30],
];

/** By what was used over days where that is known, else by what is used now; all resources count the same. */
export function gradeOf(...resources: readonly GradedResource[]): Grade {
  const scores = resources.map(({ capacity, used, usedP95 = used }) =>
    Math.min(1, usedP95 / (capacity * wellUsed)),
  );
  const score = (scores.reduce((sum, one) => sum + one, 0) / scores.length) * 100;
  return grades.find(([, from]) => score >= from)?.[0] ?? 'F';
}
