import type { ArgumentTest, RuleCondition, SeccompProfile, SeccompRule } from './profile.ts';

/** `linux.seccomp` of the OCI runtime spec. */
export interface OciSeccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet?: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: number;
      readonly valueTwo?: number;
      readonly op: string;
    }[];
  }[];
}

/** What the conditions of a profile are decided by. */
export interface SeccompTarget {
  /** Go's name of the processor: `amd64`, `arm64`, ... */
  readonly arch: string;
  /** The capabilities that the container gets. */
  readonly caps: readonly string[];
  readonly kernel: readonly [number, number];
}

/**
 * Decides the conditions of a profile for one container: runtimes know only plain rules. As in Docker, a rule counts
 * if it includes this processor, *all* named capabilities and this kernel, and excludes neither the processor
 * nor *any* named capability.
 */
export function resolveSeccomp(profile: SeccompProfile, target: SeccompTarget): OciSeccomp {
  const architectures = architecturesOf[target.arch];
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrno === undefined ? {} : { defaultErrnoRet: profile.defaultErrno }),
    ...(architectures === undefined ? {} : { architectures }),
    syscalls: profile.rules.filter(rule => counts(rule, target)).map(plainRule),
  };
}

/** A processor and the older ones whose programs it runs too; for all others only the native one is filtered. */
const architecturesOf: Readonly<Record<string, readonly string[]>> = {
  amd64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  mips64: ['SCMP_ARCH_MIPS64', 'SCMP_ARCH_MIPS', 'SCMP_ARCH_MIPS64N32'],
  mipsel64: ['SCMP_ARCH_MIPSEL64', 'SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64N32'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  riscv64: ['SCMP_ARCH_RISCV64'],
};

function counts(rule: SeccompRule, target: SeccompTarget): boolean {
  return included(rule.includes ?? {}, target) && !excluded(rule.excludes ?? {}, target);
}

function included({ arches, caps, minKernel }: RuleCondition, target: SeccompTarget): boolean {
  if (arches !== undefined && arches.length > 0 && !arches.includes(target.arch)) return false;
  if (caps !== undefined && !caps.every(cap => target.caps.includes(cap))) return false;
  return minKernel === undefined || atLeast(target.kernel, minKernel);
}

function excluded({ arches, caps, minKernel }: RuleCondition, target: SeccompTarget): boolean {
  if (arches?.includes(target.arch)) return true;
  if (caps?.some(cap => target.caps.includes(cap))) return true;
  return minKernel !== undefined && atLeast(target.kernel, minKernel);
}

function atLeast(
  [major, minor]: readonly [number, number],
  [wantMajor, wantMinor]: readonly [number, number],
) {
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}

function plainRule(rule: SeccompRule): OciSeccomp['syscalls'][number] {
  return {
    names: rule.names,
    action: rule.action ?? 'SCMP_ACT_ALLOW',
    ...(rule.errno === undefined ? {} : { errnoRet: rule.errno }),
    ...(rule.arguments === undefined ? {} : { args: rule.arguments.map(plainTest) }),
  };
}

function plainTest({ index, is, value, valueTwo }: ArgumentTest) {
  return { index, value, ...(valueTwo === undefined ? {} : { valueTwo }), op: operators[is] };
}

/** OCI's words for the comparisons. */
export const operators: Readonly<Record<ArgumentTest['is'], string>> = {
  equal: 'SCMP_CMP_EQ',
  'not-equal': 'SCMP_CMP_NE',
  less: 'SCMP_CMP_LT',
  'less-equal': 'SCMP_CMP_LE',
  greater: 'SCMP_CMP_GT',
  'greater-equal': 'SCMP_CMP_GE',
  'masked-equal': 'SCMP_CMP_MASKED_EQ',
};
