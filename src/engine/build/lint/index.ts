/**
 * BuildKit's rules for Dockerfiles (`docker build --check`). Pure.
 *
 *     const { violations } = lintDockerfile({ source, buildArgs: {}, platforms, bases, isIgnored: () => false });
 * @module
 */
export { baseNames } from './base-names.ts';
export { type LintResult, lintDockerfile } from './lint-dockerfile.ts';
export { type OutlineRequest, outlineDockerfile } from './outline.ts';
export type { LintRequest } from './request.ts';
export { type RuleName, rules, ruleUrl, type Violation } from './rules.ts';
