import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../../src/capacity/index.ts';
import { alertsNow, matchingEntries } from '../../../src/tui/model/index.ts';
import { noon, pilotOn } from '../../support/dashboard-state.ts';

const full = (state: Alert['state'], time = noon): Alert => ({
  ...{ time, state, rule: 'memory > 90% until 80% for 2m', subject: 'web', value: 0.95 },
  text: state === 'firing' ? 'web uses 95% of the memory that it may use, for 2m' : 'web uses 40% now',
});
const died = (time: number, subject = 'db'): Alert => ({
  ...{ time, state: 'firing', rule: 'died', subject, text: `${subject} ended with exit code 1` },
});

test('what is wrong is shown until it is over, with one ring for all that goes wrong at once', async () => {
  const { pilot } = await pilotOn(120, 40);
  const { now } = pilot.state;
  pilot.taken();
  pilot.tell({ type: 'alerts-told', alerts: [full('firing', now), died(now)] });
  assert.deepEqual(pilot.taken(), [{ type: 'ring' }]);
  assert.deepEqual(
    alertsNow(pilot.state).map(({ subject }) => subject),
    ['db', 'web'],
  );
  pilot.tell({ type: 'alerts-told', alerts: [died(now, 'queue')] });
  assert.deepEqual(pilot.taken(), [], 'it has just been rung');
  pilot.tell({ type: 'alerts-told', alerts: [full('resolved', now)] });
  assert.deepEqual(
    alertsNow(pilot.state).map(({ subject }) => subject),
    ['queue', 'db'],
  );
  assert.deepEqual(pilot.taken(), [], 'what is over rings no bell');
  pilot.tell({ type: 'ticked', now: now + 6 * 60_000 });
  assert.deepEqual(alertsNow(pilot.state), [], 'what happened once is not told for ever');
  assert.equal(pilot.state.alerts.past.length, 4);
});

test('the bell can be silenced, and alerts take no key and no place from what is looked at', async () => {
  const { pilot } = await pilotOn(120, 40);
  const before = pilot.state;
  pilot.press(':').type('bell').press('enter');
  assert.equal(matchingEntries('bell')[0]?.title, 'the bell for alerts, on or off');
  assert.ok(pilot.taken().some(command => command.type === 'remember-bell' && !command.bell));
  pilot.tell({ type: 'alerts-told', alerts: [full('firing', pilot.state.now)] });
  assert.deepEqual(pilot.taken(), []);
  const { noun, focus, overlay, lists, tabs } = pilot.state;
  assert.deepEqual([noun, focus, overlay, tabs], [before.noun, before.focus, undefined, before.tabs]);
  assert.deepEqual(lists, before.lists);
  pilot.press('!');
  assert.equal(pilot.state.overlay?.kind, 'alerts');
  pilot.press('!');
  assert.equal(pilot.state.overlay, undefined);
});
