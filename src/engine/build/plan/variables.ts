import type { Platform } from '../../../oci/index.ts';
import {
  type DockerfileSource,
  ExpansionError,
  expandWord,
  expandWords,
  type LineRange,
} from '../dockerfile/index.ts';
import { fail } from './fail.ts';

/** Arguments that every FROM may use and a stage has to declare (docs.docker.com/reference/dockerfile). */
export function platformArgs(
  platforms: { build: Platform; target: Platform },
  stage: string | undefined,
): Map<string, string> {
  const facts = (side: string, platform: Platform): [string, string][] => [
    [`${side}PLATFORM`, formatPlatform(platform)],
    [`${side}OS`, platform.os],
    [`${side}ARCH`, platform.architecture],
    [`${side}VARIANT`, platform.variant ?? ''],
  ];
  return new Map([
    ...facts('BUILD', platforms.build),
    ...facts('TARGET', platforms.target),
    ['TARGETSTAGE', stage || 'default'],
  ]);
}

/** A build argument that was given. */
export function givenArg(args: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(args, name) ? args[name] : undefined;
}

/** True for the arguments that speak to the builder itself, so that no ARG has to declare them. */
export function isBuilderArg(name: string): boolean {
  return name.startsWith('BUILDKIT_') || name === 'SOURCE_DATE_EPOCH' || isProxyArg(name);
}

/** `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** True for the arguments that reach RUN without being declared, and never its cache key. */
export function isProxyArg(name: string): boolean {
  return /^(https?|ftp|no|all)_proxy$/.test(name) || /^(HTTPS?|FTP|NO|ALL)_PROXY$/.test(name);
}

/** Expands words of one instruction; a mistake is told with its lines. */
export class WordExpander {
  readonly #source: DockerfileSource;
  readonly #lines: LineRange;
  readonly #escape: string;
  readonly #variables: ReadonlyMap<string, string>;

  constructor(place: {
    source: DockerfileSource;
    lines: LineRange;
    escape: string;
    variables: ReadonlyMap<string, string>;
  }) {
    this.#source = place.source;
    this.#lines = place.lines;
    this.#escape = place.escape;
    this.#variables = place.variables;
  }

  word(text: string): string {
    return this.#try(text, () => expandWord(text, { variables: this.#variables, escape: this.#escape }));
  }

  words(text: string): string[] {
    return this.#try(text, () => expandWords(text, { variables: this.#variables, escape: this.#escape }));
  }

  /** The variables of a text that are used as if they had a value, and have none. */
  unset(text: string): string[] {
    const names = new Set<string>();
    const onUnset = (name: string) => void names.add(name);
    this.#try(text, () => expandWord(text, { variables: this.#variables, escape: this.#escape, onUnset }));
    return [...names];
  }

  /** The content of a here-document: variables only, quotes stay. */
  content(text: string): string {
    return this.#try('a here-document', () =>
      expandWord(text, { variables: this.#variables, escape: '\\', keepQuotes: true }),
    );
  }

  #try<T>(text: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      return fail(this.#source, this.#lines, `cannot expand "${text}": ${error.message}`, {
        hint: error.hint,
      });
    }
  }
}
