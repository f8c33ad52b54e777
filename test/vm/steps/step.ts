import type { Guest } from '../guest.ts';

/** One thing tried; what it needs of the machine, earlier steps have made. Throws what is wrong. */
export interface Step {
  readonly name: string;
  /** Without it, nothing after it can be tried. */
  readonly essential?: boolean;
  readonly run: (guest: Guest) => Promise<void>;
}
