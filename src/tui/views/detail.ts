import { cellWidth } from '../../lib/cell-text.ts';
import { type Line, panel, type Span, type Theme } from '../components/index.ts';
import {
  currentTab,
  detailRows,
  detailTabs,
  type EventRow,
  type Layout,
  layoutOf,
  type Row,
  type ShownDetail,
  type State,
  selectedNeighbour,
  selectedRow,
} from '../model/index.ts';
import { buildLog, buildSteps, type Content } from './build-detail.ts';
import { capacityContent, chartAside } from './capacity.ts';
import { containerEnv, containerInspect, containerTop, factLines } from './container-detail.ts';
import { imageConfig, imageLayers } from './image-detail.ts';
import { logLines, logStatus } from './logs.ts';
import { statsLines } from './stats.ts';

/** What is known of the selected thing, in its box with its tabs in the edge. */
export function detailPanel(state: State, layout: Layout, theme: Theme): string[] {
  const { width, height } = layout.detail;
  if (height === 0) return [];
  const row = selectedRow(state);
  const rows = detailRows(layout);
  const { lines: content, at = 0 } = contentOf(state, row, width - 2, rows, theme);
  const scrolls = detailScrolls(state);
  const start = scrolls ? startOf(state, { lines: content, at }, rows) : 0;
  return panel(
    content.slice(start, start + rows),
    {
      title: tabSpans(state, row, width - 6),
      aside:
        row !== undefined && state.noun === 'containers' && currentTab(state) === 'logs'
          ? logStatus(state)
          : state.noun === 'capacity'
            ? chartAside(state)
            : [],
      foot:
        scrolls && content.length > rows
          ? [[`${start + 1}-${Math.min(content.length, start + rows)} of ${content.length}`, 'dim']]
          : [],
      width,
      height,
      focused: state.focus === 'detail' && state.overlay === undefined,
    },
    theme,
  );
}

/** What of the details is on the screen, where keys scroll them. */
export function shownDetail(state: State, theme: Theme): ShownDetail | undefined {
  const layout = layoutOf(state);
  const { width, height } = layout.detail;
  if (state.focus !== 'detail' || height === 0 || !detailScrolls(state)) return undefined;
  const rows = detailRows(layout);
  const content = contentOf(state, selectedRow(state), width - 2, rows, theme);
  return { start: startOf(state, content, rows), last: lastStart(content, rows) };
}

function detailScrolls(state: State): boolean {
  const tab = currentTab(state);
  return !(tab === 'logs' && state.noun === 'containers') && !['stats', 'machine'].includes(tab);
}

function startOf({ detailScroll }: State, content: Content, rows: number): number {
  const { at = 0 } = content;
  return Math.max(0, Math.min(detailScroll ?? at - rows, lastStart(content, rows)));
}

function lastStart({ lines }: Content, rows: number): number {
  return Math.max(0, lines.length - rows);
}

function tabSpans(state: State, row: Row | undefined, room: number): Span[] {
  if (row === undefined && state.noun !== 'capacity') return [['details', 'dim']];
  const theirs = selectedNeighbour(state);
  if (theirs !== undefined)
    return [
      [row?.name ?? '', 'strong'],
      [`  of ${theirs.engine}; plimsoll -H ${theirs.address}`, 'dim'],
    ];
  const tabs: readonly string[] = detailTabs[state.noun];
  const current = currentTab(state);
  const name = current === 'machine' ? state.hostname : (row?.name ?? 'capacity');
  if (cellWidth([name, ...tabs].join('  ')) > room)
    return [
      [`${tabs.indexOf(current) + 1}/${tabs.length} `, 'dim'],
      [current, 'key'],
      [`  ${name}`, 'strong'],
    ];
  return [
    [name, 'strong'],
    ...tabs.flatMap((tab): Span[] => [['  '], [tab, tab === current ? 'key' : 'dim']]),
  ];
}

function contentOf(state: State, row: Row | undefined, width: number, height: number, theme: Theme): Content {
  switch (row?.noun) {
    case undefined:
      return state.noun === 'capacity'
        ? { lines: capacityContent(state, undefined, { width, height }, theme) }
        : { lines: [] };
    case 'capacity':
      return { lines: capacityContent(state, row.item, { width, height }, theme) };
    case 'containers':
      return { lines: containerContent(state, width, height, theme) };
    case 'images':
      return {
        lines:
          currentTab(state) === 'layers'
            ? imageLayers(state, row.item, width, theme)
            : imageConfig(state, row.item, width),
      };
    case 'builds': {
      if (currentTab(state) === 'steps') return buildSteps(state, row.item, { width, height }, theme);
      const lines = buildLog(state, row.item, width);
      return { lines, at: lines.length };
    }
    case 'events':
      return { lines: eventLines(row.item, width) };
  }
}

function eventLines({ id, attributes }: EventRow, width: number): Line[] {
  return Object.entries({ id, ...attributes }).flatMap(([key, value]) => factLines(key, value, width));
}

function containerContent(state: State, width: number, height: number, theme: Theme): Line[] {
  switch (currentTab(state)) {
    case 'logs':
      return logLines(state, width, height, theme);
    case 'stats':
      return statsLines(state, width, height, theme);
    case 'inspect':
      return containerInspect(state, width);
    case 'top':
      return containerTop(state, width, theme);
    default:
      return containerEnv(state, width);
  }
}
