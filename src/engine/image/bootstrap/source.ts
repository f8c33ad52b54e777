import { PlimsollError } from '../../../errors.ts';

/** What `image bootstrap` can make a base image from. */
export type BootstrapSource =
  | { readonly kind: 'busybox' }
  | { readonly kind: 'distribution'; readonly distribution: 'debian' | 'ubuntu'; readonly suite: string };

/** Reads `busybox`, `debian:SUITE` or `ubuntu:SUITE`; throws `invalid-argument` (`BAD_BOOTSTRAP_SOURCE`). */
export function parseBootstrapSource(text: string): BootstrapSource {
  if (text === 'busybox' || text === 'busybox:latest') return { kind: 'busybox' };
  const colon = text.indexOf(':');
  const [distribution, suite] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (distribution !== 'debian' && distribution !== 'ubuntu') throw unknown(text);
  if (suite === '' || suite === 'latest') throw withoutSuite(text, distribution);
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(suite)) {
    throw new PlimsollError('invalid-argument', `"${suite}" is not the name of a ${distribution} suite`, {
      code: 'BAD_BOOTSTRAP_SOURCE',
      hint: `name a suite such as ${distribution}:${examples[distribution]}, by its code name`,
      data: { source: text },
    });
  }
  return { kind: 'distribution', distribution, suite };
}

const examples = { debian: 'bookworm', ubuntu: 'noble' } as const;

function unknown(text: string): PlimsollError {
  return new PlimsollError('invalid-argument', `cannot bootstrap "${text}"`, {
    code: 'BAD_BOOTSTRAP_SOURCE',
    hint: 'choose busybox, debian:SUITE or ubuntu:SUITE, such as debian:bookworm',
    data: { source: text },
  });
}

function withoutSuite(text: string, distribution: 'debian' | 'ubuntu'): PlimsollError {
  return new PlimsollError('invalid-argument', `"${text}" does not say which suite of ${distribution}`, {
    code: 'BAD_BOOTSTRAP_SOURCE',
    hint: `name a suite, such as ${distribution}:${examples[distribution]}`,
    data: { source: text },
  });
}
