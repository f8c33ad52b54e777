import { skipCells, wrapCells } from '../../lib/cell-text.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import type { Line, Span, Theme } from '../components/index.ts';
import { type LogLine, type LogView, type State, selectedRow } from '../model/index.ts';

/** The lines of logs that are on screen: the last ones while they are followed, else from the top one on. */
export function logLines(state: State, width: number, height: number, theme: Theme): Line[] {
  const { logs } = state;
  if (logs === undefined || logs.container !== selectedRow(state)?.id)
    return [{ spans: [[' reading', 'dim']] }];
  if (logs.store.end === logs.store.first) return [{ spans: [[emptyWords(state), 'dim']] }];
  const following = logs.top === undefined;
  const from = logs.top ?? Math.max(logs.store.first, logs.store.end - height);
  const lines = logs.store.read(from, from + height).flatMap(line => drawLine(line, logs, width, theme));
  return following ? lines.slice(-height) : lines.slice(0, height);
}

/** For the edge of the box: followed or not, how much is new, what is searched. */
export function logStatus(state: State): Span[] {
  const { logs } = state;
  if (logs === undefined || logs.container !== selectedRow(state)?.id) return [];
  const spans: Span[] = [];
  if (logs.search !== '') spans.push(['/', 'key'], [logs.search], [` ${logs.matches.length} found  `, 'dim']);
  if (state.logSince !== undefined) spans.push([`last ${formatDuration(state.logSince)}  `, 'dim']);
  if (logs.top !== undefined) {
    const below = logs.store.end - logs.top;
    spans.push([`paused, +${below} below`, 'warn']);
  } else spans.push([logs.ended ? 'ended' : 'following', logs.ended ? 'dim' : 'good']);
  return spans;
}

function emptyWords({ logSince }: State): string {
  return logSince === undefined
    ? ' No output yet.'
    : ` No output in the last ${formatDuration(logSince)}; S shows more.`;
}

function drawLine(line: LogLine, logs: LogView, width: number, theme: Theme): Line[] {
  const time: Span[] = logs.timestamps ? [[` ${line.time.slice(11, 23).padEnd(12)}`, 'faint']] : [];
  const room = width - 2 - (logs.timestamps ? 13 : 0);
  const mark: Span = line.stream === 'stderr' ? [theme.capabilities.unicode ? '▏' : '!', 'bad'] : [' '];
  const colours = theme.capabilities.colours !== 'none' && logs.search === '';
  const text = cleanText(line.text, { colours });
  if (colours && text.includes('\u001b'))
    return [{ spans: [...time, mark, [skipCells(text, logs.left), 'ready']] }];
  const plain = text;
  const pieces = logs.wrap ? wrapCells(plain, room) : [skipCells(plain, logs.left)];
  return pieces.map((piece, i) => ({
    spans: [...(i === 0 ? time : blank(time)), mark, ...found(piece, logs.search)],
  }));
}

function blank(spans: readonly Span[]): Span[] {
  return spans.map(([text]) => [' '.repeat(text.length)]);
}

function found(text: string, search: string): Span[] {
  if (search === '') return [[text]];
  const exact = /[A-Z]/.test(search);
  const haystack = exact ? text : text.toLowerCase();
  const needle = exact ? search : search.toLowerCase();
  const spans: Span[] = [];
  let from = 0;
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, from)) {
    spans.push([text.slice(from, at)], [text.slice(at, at + needle.length), 'match']);
    from = at + needle.length;
  }
  return [...spans, [text.slice(from)]];
}
