import type { Alert } from '../../capacity/index.ts';
import type { Command, Next } from './messages.ts';
import type { State } from './state.ts';

/** What was told is remembered, so much of it. */
const remembered = 50;
/** What happened once (a container died) is shown for so long. */
const incidentMs = 5 * 60_000;
/** The bell is not rung again sooner: many things go wrong together. */
const bellMs = 10_000;

/** Takes in what is to be told, and rings if something is wrong that was not before. */
export function onAlerts(state: State, told: readonly Alert[]): Next {
  const { firing, past, rangAt } = state.alerts;
  const newest = told.toReversed();
  const isNews = told.some(alert => alert.state === 'firing');
  const rings = isNews && state.alerts.bell && state.now - rangAt >= bellMs;
  const alerts = {
    ...state.alerts,
    firing: [
      ...newest.filter(alert => alert.state === 'firing'),
      ...firing.filter(alert => !told.some(other => isSame(alert, other))),
    ],
    past: [...newest, ...past].slice(0, remembered),
    rangAt: rings ? state.now : rangAt,
  };
  const commands: readonly Command[] = rings ? [{ type: 'ring' }] : [];
  return [{ ...state, alerts }, commands];
}

/** What is wrong now, the newest first. */
export function alertsNow({ alerts, now }: State): readonly Alert[] {
  return alerts.firing.filter(({ value, time }) => value !== undefined || now - time < incidentMs);
}

/** With or without the bell. */
export function toggleBell(state: State): Next {
  const bell = !state.alerts.bell;
  const text = bell ? 'The bell rings when something goes wrong' : 'The bell is silent';
  return [
    { ...state, alerts: { ...state.alerts, bell }, notice: { tone: 'good', text, time: state.now } },
    [{ type: 'remember-bell', bell }],
  ];
}

function isSame(a: Alert, b: Alert): boolean {
  return a.rule === b.rule && a.subject === b.subject;
}
