import { cellWidth, fitCells } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { type Line, plainRows, type Span, spansWidth, type Theme } from '../components/index.ts';
import {
  alertsNow,
  formatAge,
  formatClock,
  type KeyBinding,
  keyContexts,
  keyLabel,
  keymap,
  type Notice,
  noticeLines,
  type State,
} from '../model/index.ts';

/** The top line: which machine this is, what it has, and the time; figures that are old are said to be. */
export function headerRows(state: State, width: number, theme: Theme): string[] {
  const { facts, host } = state;
  const dot: Span = [` ${theme.glyphs.dot} `, 'faint'];
  const cores = host?.cores ?? facts?.cores;
  const memory = host?.memoryTotalBytes ?? facts?.memoryBytes;
  const left: Span[] = [[' plimsoll ', 'accent'], [' '], [state.hostname, 'strong']];
  const right: Span[] = [...staleness(state), [`${formatClock(state.now)} `, 'dim']];
  const { remote } = state;
  if (remote !== undefined) {
    // The age of what is shown is worth more than the rest of a long address.
    const room = width - spansWidth(left) - spansWidth(right) - 4;
    const label = `${remote.product} at ${remote.address}`;
    if (room >= 8)
      left.push(dot, [
        fitCells(label, Math.min(room, cellWidth(label)), 'left', theme.glyphs.ellipsis),
        'accent',
      ]);
  }
  const add = (...spans: Span[]) => {
    const fits = spansWidth([...left, ...spans, ...right]) < width;
    if (remote === undefined || fits) left.push(...spans);
  };
  if (facts !== undefined && width >= 100 && remote === undefined)
    add(dot, [facts.machine, 'dim'], dot, [facts.os, 'dim']);
  const giveWay = width < 60 && alertsNow(state).length > 0;
  if (cores !== undefined && memory !== undefined && !giveWay)
    add(dot, [`${cores} cores`, 'dim'], dot, [formatBytes(memory), 'dim']);
  if (host !== undefined && width >= 100 && host.sample.loadAverage[2] > 0)
    add(dot, [`load ${host.sample.loadAverage.map(value => value.toFixed(2)).join(' ')}`, 'dim']);
  const room = width - spansWidth(left) - spansWidth(right) - 1;
  return plainRows([spreadLine(left, [...alertSpans(state, room, theme), ...right], width)], width, 1, theme);
}

/** What is wrong, in as many words as there is room for. */
function alertSpans(state: State, room: number, { glyphs }: Theme): Span[] {
  const [first, ...others] = alertsNow(state);
  if (first === undefined) return [];
  const count = others.length + 1;
  const more = others.length === 0 ? '' : ` +${others.length}`;
  const few = count === 1 ? '1 alert' : `${count} alerts`;
  const words = [`${first.text}${more}`, `${few}, ! tells`, few, String(count)];
  const shown = words.map(text => `${glyphs.up} ${text}  `).find(text => cellWidth(text) <= room);
  return shown === undefined ? [] : [[shown, 'bad']];
}

function staleness(state: State): Span[] {
  if (state.engine === 'failed') return [['no engine  ', 'bad']];
  if (state.engine === 'opening') return [['opening  ', 'dim']];
  const lost = state.remote?.lost;
  if (lost !== undefined)
    return [[`no answer for ${formatAge(Math.max(0, state.now - lost.since))}  `, 'bad']];
  const age = staleAge(state);
  return age === undefined ? [] : [[`figures are ${formatAge(age)} old  `, 'warn']];
}

/** How old the figures are, when they are older than they should be. */
export function staleAge(state: State): number | undefined {
  if (state.frameTime === undefined) return undefined;
  const age = state.now - state.frameTime;
  return age > 3500 ? age : undefined;
}

/** The bottom line: what is being typed, else what is going on or went wrong, else the keys that matter here. */
export function footerRows(state: State, height: number, theme: Theme): string[] {
  const width = state.size.columns;
  const { notice, prompt } = state;
  const lines =
    notice === undefined || prompt !== undefined
      ? [footerLine(state, width, theme)]
      : noticeRows(notice, width, theme);
  return plainRows(lines, width, height, theme);
}

function noticeRows(notice: Notice, width: number, { glyphs }: Theme): Line[] {
  const { tone } = notice;
  const glyph = tone === 'good' ? glyphs.done : tone === 'bad' ? glyphs.failed : '!';
  const { text, hint, beside } = noticeLines(notice, width);
  const told = text.map((piece, i): Line => ({ spans: [[i === 0 ? ` ${glyph} ` : '   ', tone], [piece]] }));
  if (beside) return [{ spans: [...(told[0]?.spans ?? []), [`  ${glyphs.right} ${hint[0] ?? ''}`, 'dim']] }];
  const next = hint.map(
    (piece, i): Line => ({ spans: [[i === 0 ? ` ${glyphs.right} ` : '   '], [piece, 'dim']] }),
  );
  return [...told, ...next];
}

function footerLine(state: State, width: number, theme: Theme): Line {
  if (state.prompt !== undefined) {
    const label = state.prompt.of === 'filter' ? ' filter ' : ' search ';
    return spreadLine(
      [[label, 'key'], [state.prompt.text], [' ', 'cursor']],
      [['enter keeps it, esc clears it ', 'dim']],
      width,
    );
  }
  const going = operationSpans(state, theme);
  const right: Span[] = going.length > 0 ? going : ownSpans(state, width);
  return spreadLine(keySpans(state, width - spansWidth(right) - 1), right, width);
}

function operationSpans(state: State, theme: Theme): Span[] {
  const [first] = state.operations;
  if (first === undefined) return [];
  const seconds = Math.floor((state.now - first.started) / 1000);
  const frame = theme.glyphs.spinner[Math.max(0, seconds) % theme.glyphs.spinner.length] ?? '*';
  const more = state.operations.length > 1 ? `  +${state.operations.length - 1} more` : '';
  return [
    [`${frame} `, 'accent'],
    [first.label],
    [first.progress === undefined ? '' : ` ${first.progress}`, 'dim'],
    [seconds > 0 ? ` ${formatAge(seconds * 1000)}` : '', 'dim'],
    [`${more} `, 'dim'],
  ];
}

function ownSpans(state: State, width: number): Span[] {
  const { own } = state;
  if (own === undefined || width < 150) return []; // the keys are of more use
  return [[`plimsoll ${own.cpuPercent.toFixed(1)}% of a core, ${formatBytes(own.residentBytes)} `, 'faint']];
}

function keySpans(state: State, room: number): Span[] {
  const contexts = keyContexts(state);
  const shown = contexts.flatMap(context =>
    keymap.filter(one => one.context === context && one.short !== undefined),
  );
  const seen = new Set<string>();
  const spans: Span[] = [[' ']];
  let left = room - 1;
  for (const { keys, short = '' } of [...shown].sort((a, b) => rank(a) - rank(b))) {
    const [key = ''] = keys;
    if (seen.has(key)) continue;
    seen.add(key);
    const label = keyLabel(key);
    const cells = label.length + 1 + short.length + 2;
    if (cells > left) break;
    spans.push([label, 'key'], [` ${short}  `, 'dim']);
    left -= cells;
  }
  return spans;
}

/** Help comes first, so that a narrow line still has it; what is of use everywhere and seldom comes last. */
function rank({ action, context }: KeyBinding): number {
  if (action === 'help') return -1;
  if (action === 'quit') return 1;
  return action === 'save' && context === 'everywhere' ? 2 : 0;
}

/** A line with something at its left and at its right; the left one gives way. */
export function spreadLine(left: readonly Span[], right: readonly Span[], width: number): Line {
  const room = width - spansWidth(right);
  const space = room - spansWidth(left);
  if (space >= 0) return { spans: [...left, [' '.repeat(space)], ...right] };
  return { spans: [...left] };
}
