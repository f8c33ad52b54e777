/** A cell's looks, as the terminal keeps it. Colours are SGR parameters such as `31` or `38;5;120`; empty: default. */
interface Style {
  readonly fg: string;
  readonly bg: string;
  /** One bit for each of SGR 1 (bold) to 9 (struck out). */
  readonly flags: number;
}

const flagOff = [0, 22, 22, 23, 24, 25, 25, 27, 28, 29];

/** Interns styles as small numbers, so that cells compare fast; 0 is the default style. */
export class StyleTable {
  readonly #styles: Style[] = [{ fg: '', bg: '', flags: 0 }];
  readonly #ids = new Map<string, number>([['||0', 0]]);
  readonly #applied = new Map<string, number>();
  readonly #changes = new Map<number, string>();

  /** The style after an SGR sequence with these parameters (`1;31`). */
  apply(style: number, parameters: string): number {
    if (parameters === '' || parameters === '0') return 0;
    const key = `${style}/${parameters}`;
    const known = this.#applied.get(key);
    if (known !== undefined) return known;
    const id = this.#intern(applySgr(this.#style(style), parameters));
    this.#applied.set(key, id);
    return id;
  }

  /** The shortest usual SGR sequence that turns one style into another. */
  change(from: number, to: number): string {
    if (from === to) return '';
    if (to === 0) return '\u001b[m';
    const key = from * 65_536 + to;
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const text = changeSgr(this.#style(from), this.#style(to));
    this.#changes.set(key, text);
    return text;
  }

  #style(id: number): Style {
    return this.#styles[id] ?? { fg: '', bg: '', flags: 0 };
  }

  #intern(style: Style): number {
    const key = `${style.fg}|${style.bg}|${style.flags}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#styles.push(style) - 1;
    this.#ids.set(key, id);
    return id;
  }
}

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(';').map(Number);
  let { fg, bg, flags } = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) [fg, bg, flags] = ['', '', 0];
    else if (code <= 9) flags |= 1 << code;
    else if (code >= 21 && code <= 29) flags = without(flags, code);
    else if (code === 38 || code === 48) {
      const length = codes[i + 1] === 2 ? 5 : 3;
      const colour = codes.slice(i, i + length).join(';');
      if (code === 38) fg = colour;
      else bg = colour;
      i += length - 1;
    } else if (code === 39) fg = '';
    else if (code === 49) bg = '';
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) fg = String(code);
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) bg = String(code);
  }
  return { fg, bg, flags };
}

function without(flags: number, off: number): number {
  return flagOff.reduce((left, code, flag) => (code === off ? left & ~(1 << flag) : left), flags);
}

function changeSgr(from: Style, to: Style): string {
  const codes: string[] = [];
  const lost = from.flags & ~to.flags;
  let { flags } = from;
  for (let flag = 1; flag <= 9; flag++) {
    if ((lost & (1 << flag)) === 0 || (flags & (1 << flag)) === 0) continue;
    const off = flagOff[flag] ?? 0;
    codes.push(String(off));
    flags = without(flags, off);
  }
  for (let flag = 1; flag <= 9; flag++) if ((to.flags & ~flags & (1 << flag)) !== 0) codes.push(String(flag));
  if (from.fg !== to.fg) codes.push(to.fg === '' ? '39' : to.fg);
  if (from.bg !== to.bg) codes.push(to.bg === '' ? '49' : to.bg);
  const afresh = ['0', ...flagList(to.flags), to.fg, to.bg].filter(code => code !== '').join(';');
  const changed = codes.join(';');
  return `\u001b[${changed.length <= afresh.length ? changed : afresh}m`;
}

function flagList(flags: number): string[] {
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].filter(flag => (flags & (1 << flag)) !== 0).map(String);
}
