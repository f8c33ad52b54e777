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
export function platformArgs(platform: Platform): Map<string, string> {
  const { os, architecture, variant = '' } = platform;
  const name = formatPlatform(platform);
  return new Map(
    ['BUILD', 'TARGET'].flatMap(side => [
      [`${side}PLATFORM`, name],
      [`${side}OS`, os],
      [`${side}ARCH`, architecture],
      [`${side}VARIANT`, variant],
    ]),
  );
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
