import { PlimsollError } from '../../../errors.ts';
import type { ArgumentTest, RuleCondition, SeccompProfile, SeccompRule } from './profile.ts';
import { operators } from './resolve-seccomp.ts';

/**
 * Parses a profile file in Docker's JSON form (docs.docker.com/engine/security/seccomp). Throws `invalid-argument`
 * (`SECCOMP_PROFILE_INVALID`) that names what is wrong; `path` is for the message only.
 */
export function parseSeccompProfile(json: string, path: string): SeccompProfile {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
  const profile = object(document, path, 'the profile');
  const rules = list(profile.syscalls ?? [], path, 'syscalls').map(rule => parseRule(rule, path));
  return {
    defaultAction: word(profile.defaultAction, path, 'defaultAction'),
    ...(typeof profile.defaultErrnoRet === 'number' ? { defaultErrno: profile.defaultErrnoRet } : {}),
    rules,
  };
}

function parseRule(value: unknown, path: string): SeccompRule {
  const rule = object(value, path, 'a rule of syscalls');
  const names =
    rule.names === undefined ? [word(rule.name, path, 'name')] : wordList(rule.names, path, 'names');
  const tests = list(rule.args ?? [], path, 'args').map(test => parseTest(test, path));
  return {
    names,
    action: word(rule.action, path, 'action'),
    ...(typeof rule.errnoRet === 'number' ? { errno: rule.errnoRet } : {}),
    ...(tests.length === 0 ? {} : { arguments: tests }),
    ...(rule.includes ? { includes: parseCondition(rule.includes, path) } : {}),
    ...(rule.excludes ? { excludes: parseCondition(rule.excludes, path) } : {}),
  };
}

function parseTest(value: unknown, path: string): ArgumentTest {
  const test = object(value, path, 'args');
  const is = (Object.keys(operators) as ArgumentTest['is'][]).find(name => operators[name] === test.op);
  if (is === undefined || typeof test.index !== 'number' || typeof test.value !== 'number') {
    throw invalid(path, `an argument test needs index, value and op, not ${JSON.stringify(value)}`);
  }
  const valueTwo = typeof test.valueTwo === 'number' ? { valueTwo: test.valueTwo } : {};
  return { index: test.index, is, value: test.value, ...valueTwo };
}

function parseCondition(value: unknown, path: string): RuleCondition {
  const condition = object(value, path, 'includes or excludes');
  const kernel = /^(\d+)\.(\d+)/.exec(typeof condition.minKernel === 'string' ? condition.minKernel : '');
  return {
    ...(condition.arches ? { arches: wordList(condition.arches, path, 'arches') } : {}),
    ...(condition.caps ? { caps: wordList(condition.caps, path, 'caps') } : {}),
    ...(kernel ? { minKernel: [Number(kernel[1]), Number(kernel[2])] as const } : {}),
  };
}

function object(value: unknown, path: string, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, `${what} must be an object`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, path: string, what: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(path, `${what} must be a list`);
  return value;
}

function wordList(value: unknown, path: string, what: string): string[] {
  return list(value, path, what).map(item => word(item, path, what));
}

function word(value: unknown, path: string, what: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(path, `${what} must be a word`);
  return value;
}

function invalid(path: string, why: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the seccomp profile "${path}" is not valid: ${why}`, {
    code: 'SECCOMP_PROFILE_INVALID',
    hint: "use a profile in Docker's JSON form, or 'unconfined'",
    data: { path },
  });
}
