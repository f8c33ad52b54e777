/** What a rule asks of one argument of a system call; `mask` compares `argument & mask` with `value`. */
export interface ArgumentTest {
  readonly index: number;
  readonly is: 'equal' | 'not-equal' | 'less' | 'less-equal' | 'greater' | 'greater-equal' | 'masked-equal';
  readonly value: number;
  /** For `masked-equal`: what the masked argument must be. OCI calls `value` the mask and this `valueTwo`. */
  readonly valueTwo?: number;
}

/** When a rule counts: for these processors, with all of these capabilities, from this kernel on. */
export interface RuleCondition {
  /** Go's names: `amd64`, `arm64`, ... */
  readonly arches?: readonly string[];
  readonly caps?: readonly string[];
  readonly minKernel?: readonly [number, number];
}

export interface SeccompRule {
  readonly names: readonly string[];
  /** OCI's action word; default `SCMP_ACT_ALLOW`. */
  readonly action?: string;
  readonly errno?: number;
  readonly arguments?: readonly ArgumentTest[];
  readonly includes?: RuleCondition;
  readonly excludes?: RuleCondition;
}

/** A seccomp profile with conditions, as Docker has them; `resolveSeccomp` makes the plain OCI form. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrno?: number;
  readonly rules: readonly SeccompRule[];
}
