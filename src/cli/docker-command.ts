import { Command } from 'commander';

/**
 * A command that reads options as docker's client does (Go's pflag): a switch may say its value (`--rm=true`, `-d=false`),
 * and so may an option in short (`-p=80:80`).
 */
export class DockerCommand extends Command {
  #passesThrough = false;

  override createCommand(name?: string): Command {
    return new DockerCommand(name);
  }

  override passThroughOptions(passThrough = true): this {
    this.#passesThrough = passThrough;
    return super.passThroughOptions(passThrough);
  }

  override parseOptions(argv: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(this.#plain(argv));
  }

  #plain(argv: readonly string[]): string[] {
    const plain: string[] = [];
    for (let i = 0; i < argv.length; i++) {
      const word = argv[i] ?? '';
      const isOption = /^-./.test(word);
      if (word === '--' || (!isOption && this.#passesThrough)) return [...plain, ...argv.slice(i)];
      plain.push(...this.#plainWord(word));
      // What follows is its value, whatever it looks like.
      const value = argv[i + 1];
      if (isOption && value !== undefined && this.#takesNext(word)) {
        plain.push(value);
        i++;
      }
    }
    return plain;
  }

  #plainWord(word: string): string[] {
    const [, name = '', value = ''] = /^(--[\w-]+|-\w)=(.*)$/s.exec(word) ?? [];
    const option = this.options.find(each => each.long === name || each.short === name);
    if (option === undefined) return [word];
    if (option.required || option.optional) return name.startsWith('--') ? [word] : [`${name}${value}`];
    if (/^(1|t|true)$/i.test(value)) return [name];
    return /^(0|f|false)$/i.test(value) ? [] : [word];
  }

  /** True for an option with a value that is not in the word itself; of `-itv` the last letter counts. */
  #takesNext(word: string): boolean {
    if (word.startsWith('--')) return this.options.some(each => each.long === word && each.required);
    const letters = [...word.slice(1)];
    const valued = (letter: string) =>
      this.options.some(each => each.short === `-${letter}` && each.required);
    return letters.findIndex(valued) === letters.length - 1 && letters.every(letter => /\w/.test(letter));
  }
}
