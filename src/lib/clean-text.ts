/**
 * Text from outside (names, labels, logs, build output, errors of tools) is hostile until cleaned: an escape sequence
 * in it could move the cursor, recolour the screen, set the clipboard or type into the shell. Everything shown on a
 * terminal passes through here.
 * @module
 */

/** How `cleanText` treats what it keeps. */
export interface CleanOptions {
  /** Keep foreground colours and bold (SGR 0, 1, 22, 30-37, 39, 90-97), closed at the end. Default: no. */
  readonly colours?: boolean;
  /** Keep line feeds. Default: each becomes a space. */
  readonly multiline?: boolean;
  /** Cut after this many characters of text, with an ellipsis. Default 4096. */
  readonly maxLength?: number;
}

const sequence =
  /(?:\u001b\[|\u009b)([0-?]*)([ -/]*)([@-~]?)|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)?|\u001b[ -/]*[0-~]?/g;
const controls =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const suspicious =
  /[\u0000-\u001f\u007f-\u009f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/;

/**
 * Text without anything a terminal would obey: CSI, OSC, DCS and other escapes, C0 and C1 controls, zero-width and
 * bidirectional marks go; tabs become spaces up to the next multiple of 8; a carriage return within a line leaves what
 * was written last, as a terminal would show it.
 */
export function cleanText(text: string, options: CleanOptions = {}): string {
  const limit = options.maxLength ?? 4096;
  if (text.length <= limit && !suspicious.test(text)) return text;
  const bounded = text.length > limit * 4 ? text.slice(0, limit * 4) : text;
  const lines = bounded
    .toWellFormed()
    .split('\n')
    .map(line => cleanLine(line, options.colours ?? false));
  const joined = lines.join(options.multiline ? '\n' : ' ');
  return joined.length > limit ? cutText(joined, limit) : joined;
}

/** A copy of a JSON-like value with every string in it cleaned (keys too). Other values are kept as they are. */
export function cleanValue<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value, { multiline: true });
  if (Array.isArray(value)) return value.map(clean);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [cleanText(key), clean(inner)]));
}

function cleanLine(line: string, colours: boolean): string {
  const overwritten = line.replace(/\r+$/, '');
  const last = overwritten.slice(overwritten.lastIndexOf('\r') + 1);
  let coloured = false;
  const kept = last.replace(sequence, (_match, parameters = '', between = '', final = '') => {
    if (!colours || final !== 'm' || between !== '') return '';
    const codes = plainColours(parameters);
    coloured ||= codes !== '';
    return codes === '' ? '' : `\u0000${codes}\u0001`;
  });
  const text = expandTabs(stripControls(kept, coloured));
  return coloured ? `${text}\u001b[0m` : text;
}

/** Our own marks around colour codes (NUL, SOH) survive the sweep of controls; the text's own were swept before. */
function stripControls(text: string, coloured: boolean): string {
  if (!coloured) return text.replace(controls, '');
  const parts = text.split(/\u0000([\d;]*)\u0001/);
  return parts.map((part, i) => (i % 2 === 0 ? part.replace(controls, '') : `\u001b[${part}m`)).join('');
}

function plainColours(parameters: string): string {
  const codes = parameters === '' ? [0] : parameters.split(';').map(Number);
  if (codes.includes(38) || codes.includes(48)) return '';
  return codes.filter(isPlainColour).join(';');
}

function isPlainColour(code: number): boolean {
  return (
    code === 0 ||
    code === 1 ||
    code === 22 ||
    code === 39 ||
    (code >= 30 && code <= 37) ||
    (code >= 90 && code <= 97)
  );
}

function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let column = 0;
  return text.replace(/[^\t]+|\t/g, piece => {
    if (piece !== '\t') {
      column += piece.replace(/\u001b\[[\d;]*m/g, '').length;
      return piece;
    }
    const spaces = 8 - (column % 8);
    column += spaces;
    return ' '.repeat(spaces);
  });
}

/** Cuts text that may hold our own SGR codes, never within one, and closes them. */
function cutText(text: string, limit: number): string {
  const cut = text
    .slice(0, limit - 1)
    .replace(/\u001b(?:\[[\d;]*)?$/, '')
    .toWellFormed();
  return cut.includes('\u001b') ? `${cut}…\u001b[0m` : `${cut}…`;
}
