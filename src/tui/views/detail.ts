import { type Line, panel, type Span, type Theme } from '../components/index.ts';
import {
  currentTab,
  detailRows,
  detailTabs,
  type Layout,
  type Row,
  type State,
  selectedNeighbour,
  selectedRow,
} from '../model/index.ts';
import { buildLog, buildSteps } from './build-detail.ts';
import { capacityContent, chartAside } from './capacity.ts';
import { containerEnv, containerInspect, containerTop } from './container-detail.ts';
import { imageConfig, imageLayers } from './image-detail.ts';
import { logLines, logStatus } from './logs.ts';
import { statsLines } from './stats.ts';

/** What is known of the selected thing, in its box with its tabs in the edge. */
export function detailPanel(state: State, layout: Layout, theme: Theme): string[] {
  const { width, height } = layout.detail;
  if (height === 0) return [];
  const row = selectedRow(state);
  const rows = detailRows(layout);
  const content =
    row === undefined && state.noun !== 'capacity' ? [] : contentOf(state, row, width - 2, rows, theme);
  const scrolls =
    !(currentTab(state) === 'logs' && state.noun === 'containers') &&
    !['stats', 'machine'].includes(currentTab(state));
  const start = scrolls ? Math.max(0, Math.min(state.detailScroll, content.length - rows)) : 0;
  return panel(
    content.slice(start, start + rows),
    {
      title: tabSpans(state, row),
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

function tabSpans(state: State, row: Row | undefined): Span[] {
  if (row === undefined && state.noun !== 'capacity') return [['details', 'dim']];
  const theirs = selectedNeighbour(state);
  if (theirs !== undefined)
    return [
      [row?.name ?? '', 'strong'],
      [`  of ${theirs.engine}; plimsoll -H ${theirs.address}`, 'dim'],
    ];
  const tabs: readonly string[] = detailTabs[state.noun];
  const current = currentTab(state);
  return [
    [row?.name ?? 'capacity', 'strong'],
    ...tabs.flatMap((tab): Span[] => [['  '], [tab, tab === current ? 'key' : 'dim']]),
  ];
}

function contentOf(state: State, row: Row | undefined, width: number, height: number, theme: Theme): Line[] {
  switch (row?.noun) {
    case undefined:
    case 'capacity':
      return capacityContent(state, row?.item, { width, height }, theme);
    case 'containers':
      return containerContent(state, width, height, theme);
    case 'images':
      return currentTab(state) === 'layers'
        ? imageLayers(state, row.item, width, theme)
        : imageConfig(state, row.item, width);
    case 'builds':
      return currentTab(state) === 'steps'
        ? buildSteps(state, row.item, width, height, theme)
        : buildLog(state, row.item, width);
    case 'events':
      return Object.entries({ id: row.item.id, ...row.item.attributes }).map(([key, value]) => ({
        spans: [[` ${key.padEnd(16)} `, 'dim'], [value]],
      }));
  }
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
