/**
 * The dashboard as data: its state, everything that can happen to it, and what is to be done then. Pure.
 *
 *     const [next, commands] = update(state, { type: 'key', key: 's' });
 * @module
 */
export { alertsNow } from './alerts.ts';
export type { BuildView, StepView } from './build-view.ts';
export { shownWindow } from './capacity.ts';
export {
  formatAge,
  formatClock,
  formatCoreColumn,
  formatGibibytes,
  formatKilobytes,
  formatMebibytes,
  formatSeconds,
  shortId,
  shortReference,
} from './format.ts';
export {
  type FormState,
  type FormValues,
  formFields,
} from './forms.ts';
export { type Action, type KeyBinding, type KeyContext, keyLabel, keymap } from './keymap.ts';
export { type Area, detailRows, type Layout, layoutOf, listRows } from './layout.ts';
export { type LogLine, LogStore } from './log-store.ts';
export type { Command, ContainerVerb, Msg, Next, ShownDetail } from './messages.ts';
export { failureNotice, lackNotice } from './notice.ts';
export { noticeLines } from './notice-lines.ts';
export { answers } from './overlays.ts';
export { matchingEntries } from './palette.ts';
export {
  allRows,
  buildName,
  currentTab,
  imageName,
  keyContexts,
  type Row,
  selectedContainer,
  selectedNeighbour,
  selectedRow,
  visibleRows,
  windowStart,
} from './selectors.ts';
export {
  type CapacityPicture,
  type Chart,
  type Choice,
  chartWindows,
  detailTabs,
  type EventRow,
  emptyHistory,
  type History,
  initialState,
  type LogView,
  type Notice,
  type Noun,
  nouns,
  type Operation,
  type Overlay,
  type State,
  type Target,
} from './state.ts';
export { update } from './update.ts';
