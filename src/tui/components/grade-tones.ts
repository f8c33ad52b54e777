import type { Tone } from './theme.ts';

/** The colours of grades of a machine. */
export const gradeTones: Readonly<Record<'A' | 'B' | 'C' | 'D' | 'F', Tone>> = {
  ...{ A: 'good', B: 'good', C: 'warn', D: 'warn', F: 'bad' },
};
