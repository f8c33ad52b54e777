import { cellWidth, fitCells } from '../../lib/cell-text.ts';
import type { Capabilities, ColourDepth } from '../terminal/index.ts';

/** What a piece of text means; the theme says how that looks. */
export type Tone =
  | 'text'
  | 'strong'
  | 'dim'
  | 'faint'
  | 'accent'
  | 'good'
  | 'warn'
  | 'bad'
  | 'used'
  | 'reserved'
  | 'rest'
  | 'free'
  /** Of several things beside one another. */
  | 'first'
  | 'second'
  | 'third'
  | 'fourth'
  | 'match'
  | 'cursor'
  | 'key'
  /** Has colour codes of our own already (charts, logs). */
  | 'ready';

/** A piece of a line. */
export type Span = readonly [text: string, tone?: Tone];

/** One line of cells. `selected` lines are marked over their whole width; `stale` ones are dimmed. */
export interface Line {
  readonly spans: readonly Span[];
  readonly look?: 'selected' | 'unfocused' | 'stale';
}

/** The characters that draw things. */
export interface Glyphs {
  readonly corner: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string];
  readonly horizontal: string;
  readonly vertical: string;
  readonly running: string;
  readonly paused: string;
  readonly stopped: string;
  readonly failed: string;
  readonly restarting: string;
  readonly created: string;
  readonly done: string;
  readonly cached: string;
  readonly used: string;
  /** The same by others than our own. */
  readonly beside: string;
  readonly reserved: string;
  readonly rest: string;
  readonly free: string;
  /** Parts of a cell of a meter, the last one a whole cell. */
  readonly meter: readonly string[];
  readonly track: string;
  readonly spark: readonly string[];
  readonly spinner: readonly string[];
  readonly up: string;
  readonly down: string;
  readonly right: string;
  readonly mark: string;
  readonly ellipsis: string;
  readonly dash: string;
  readonly dot: string;
  readonly sum: string;
}

/** Everything that decides how the dashboard looks, chosen once. */
export interface Theme {
  readonly capabilities: Capabilities;
  readonly glyphs: Glyphs;
  /** The line as a string of exactly `width` cells with colour codes. */
  render(line: Line, width: number): string;
}

type Colour = readonly [sixteen: string, indexed: string, rgb: string];

/** Middle tones only: each is legible on black and on white. Text has the terminal's own colour. */
const colours: Readonly<Partial<Record<Tone, Colour>>> = {
  dim: ['90', '38;5;245', '38;2;138;143;152'],
  faint: ['90', '38;5;240', '38;2;92;99;112'],
  accent: ['36', '38;5;37', '38;2;38;166;184'],
  key: ['36', '38;5;37', '38;2;38;166;184'],
  good: ['32', '38;5;71', '38;2;76;175;110'],
  warn: ['33', '38;5;172', '38;2;214;145;40'],
  bad: ['31', '38;5;167', '38;2;220;88;84'],
  used: ['36', '38;5;37', '38;2;38;166;184'],
  reserved: ['33', '38;5;172', '38;2;214;145;40'],
  rest: ['35', '38;5;97', '38;2;134;116;176'],
  free: ['90', '38;5;240', '38;2;92;99;112'],
  first: ['36', '38;5;37', '38;2;38;166;184'],
  second: ['32', '38;5;71', '38;2;76;175;110'],
  third: ['34', '38;5;68', '38;2;95;135;215'],
  fourth: ['31', '38;5;132', '38;2;175;95;135'],
};
const flags: Readonly<Partial<Record<Tone, string>>> = {
  strong: '1',
  key: '1',
  match: '7',
  cursor: '7',
};
/** Both colours are set, so that the bar looks the same on a light and on a dark terminal. */
const selection: Readonly<
  Record<'16' | '256' | 'truecolor', readonly [selected: string, unfocused: string]>
> = {
  '16': ['7', '1'],
  '256': ['38;5;255;48;5;24', '38;5;254;48;5;238'],
  truecolor: ['38;2;240;246;250;48;2;22;74;96', '38;2;225;228;232;48;2;58;64;74'],
};

const unicode: Glyphs = {
  corner: ['╭', '╮', '╰', '╯'],
  horizontal: '─',
  vertical: '│',
  running: '●',
  paused: '◐',
  stopped: '○',
  failed: '✗',
  restarting: '↻',
  created: '◌',
  done: '✓',
  cached: '≡',
  // Nothing is as high as its cell: bars of neighbouring rows would run together.
  used: '▇',
  beside: '⠿',
  reserved: '⣿',
  rest: '▄',
  free: '·',
  meter: ['╸', '━'],
  track: '─',
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇'],
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  up: '▲',
  down: '▼',
  right: '▸',
  mark: '▪',
  ellipsis: '…',
  dash: '–',
  dot: '·',
  sum: 'Σ',
};

const ascii: Glyphs = {
  corner: ['+', '+', '+', '+'],
  horizontal: '-',
  vertical: '|',
  running: '*',
  paused: '=',
  stopped: 'o',
  failed: 'x',
  restarting: '@',
  created: '.',
  done: 'v',
  cached: '=',
  used: '#',
  beside: '&',
  reserved: '%',
  rest: '+',
  free: '.',
  meter: ['='],
  track: '.',
  spark: ['_', '.', '-', '=', '*', '#'],
  spinner: ['|', '/', '-', '\\'],
  up: '^',
  down: 'v',
  right: '>',
  mark: '#',
  ellipsis: '~',
  dash: '-',
  dot: '.',
  sum: 'S',
};

/** Makes the theme for what the terminal can show. */
export function createTheme(capabilities: Capabilities): Theme {
  const glyphs = capabilities.unicode ? unicode : ascii;
  const tones = new Map(toneNames.map(tone => [tone, toneCodes(tone, capabilities.colours)]));
  return {
    capabilities,
    glyphs,
    render: (line, width) => renderLine(line, width, { capabilities, glyphs, tones }),
  };
}

const toneNames: readonly Tone[] = [
  'text',
  'strong',
  'dim',
  'faint',
  'accent',
  'good',
  'warn',
  'bad',
  'used',
  'reserved',
  'rest',
  'free',
  'first',
  'second',
  'third',
  'fourth',
  'match',
  'cursor',
  'key',
];

function toneCodes(tone: Tone, depth: ColourDepth): string {
  const colour = colours[tone];
  const index = { none: -1, '16': 0, '256': 1, truecolor: 2 }[depth];
  return [flags[tone], colour?.[index]].filter(code => code !== undefined).join(';');
}

interface Renderer {
  readonly capabilities: Capabilities;
  readonly glyphs: Glyphs;
  readonly tones: ReadonlyMap<Tone, string>;
}

function renderLine(line: Line, width: number, renderer: Renderer): string {
  const base = baseCodes(line.look, renderer.capabilities.colours);
  const reset = base === '' ? '\u001b[0m' : `\u001b[0;${base}m`;
  let out = base === '' ? '' : `\u001b[${base}m`;
  let left = width;
  for (const [raw, tone = 'text'] of line.spans) {
    if (left <= 0) break;
    const text = fitSpan(raw, left, renderer);
    left -= cellWidth(text);
    const codes = keepsTone(line.look, tone, renderer.capabilities.colours) ? renderer.tones.get(tone) : '';
    out += codes === undefined || codes === '' ? text : `\u001b[${codes}m${text}${reset}`;
    if (tone === 'ready') out += reset;
  }
  out += ' '.repeat(Math.max(0, left));
  return base === '' ? out : `${out}\u001b[0m`;
}

/** What is marked is read first: nothing grey on its background, and no tone that reverse video would make one. */
function keepsTone(look: Line['look'], tone: Tone, depth: ColourDepth): boolean {
  if (look === 'stale' || tone === 'ready') return false;
  if (look === undefined || depth === 'none') return true;
  if (depth === '16') return look !== 'selected' || tone === 'strong';
  return tone !== 'dim' && tone !== 'faint' && tone !== 'free';
}

function fitSpan(raw: string, width: number, { capabilities, glyphs }: Renderer): string {
  const text = capabilities.unicode ? raw : raw.replace(/[^\u0020-\u007e\u001b]/gu, '?');
  return cellWidth(text) > width ? fitCells(text, width, 'left', glyphs.ellipsis) : text;
}

function baseCodes(look: Line['look'], depth: ColourDepth): string {
  if (look === undefined) return '';
  if (look === 'stale') return depth === 'none' ? '' : (colours.dim?.[depth === '16' ? 0 : 1] ?? '');
  if (depth === 'none') return look === 'selected' ? '7' : '1';
  return selection[depth][look === 'selected' ? 0 : 1];
}
