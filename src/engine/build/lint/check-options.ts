import { nearMisses } from '../../../lib/near-misses.ts';
import { experimentalRules, type RuleName, rules } from './rules.ts';

/** What a Dockerfile or its builder asks of the check. */
export interface CheckOptions {
  /** True for a rule that counts. */
  readonly counts: (rule: RuleName) => boolean;
  /** A violation makes the build fail. */
  readonly isError: boolean;
}

/**
 * Reads `skip=RULE,RULE;error=true;experimental=RULE` (`all` stands for every rule), as the directive `check` and the
 * build argument BUILDKIT_DOCKERFILE_CHECK have it. Throws an `Error` that says what it does not understand.
 */
export function parseCheckOptions(text: string): CheckOptions {
  const said = new Map<string, string>();
  for (const part of text.split(';').map(option => option.trim())) {
    if (part === '') continue;
    const [name = '', value] = part.split(/\s*=\s*(.*)/s);
    if (value === undefined) throw new Error(`"${part}" is not of the form name=value`);
    if (!['skip', 'error', 'experimental'].includes(name))
      throw new Error(`"${name}" is none of skip, error and experimental`);
    said.set(name, value);
  }
  const skipped = ruleList(said.get('skip'));
  const tried = ruleList(said.get('experimental'));
  return {
    counts: rule => !skipped(rule) && (!experimentalRules.includes(rule) || tried(rule)),
    isError: truth(said.get('error') ?? 'false'),
  };
}

function ruleList(text: string | undefined): (rule: RuleName) => boolean {
  if (text === undefined) return () => false;
  const names = text.split(',').map(name => name.trim());
  if (names.includes('all')) return () => true;
  const unknown = names.find(name => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    const [near] = nearMisses(unknown, Object.keys(rules), 1);
    throw new Error(`there is no rule "${unknown}"${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  return rule => names.includes(rule);
}

function truth(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new Error(`"error=${text}" is neither true nor false`);
}
