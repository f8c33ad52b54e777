import { readAlerts } from '../../src/cli/config/read-alerts.ts';
import { PlimsollError } from '../../src/errors.ts';
import { runDashboard } from '../../src/tui/index.ts';
import { createFakeEngine } from './fake-engine.ts';

/**
 * A program for tests in a terminal: the real dashboard on the engine in memory. FAKE_CONTAINERS, FAKE_FROZEN, FAKE_NOW,
 * FAKE_PAST and FAKE_LOG_MS say how that is; FAKE_FAILS lets it not open, FAKE_BUG throws after so many
 * milliseconds where nobody catches.
 */
const { FAKE_CONTAINERS, FAKE_FROZEN, FAKE_LOG_MS, FAKE_NOW, FAKE_PAST } = process.env;
if (process.env.FAKE_BUG !== undefined)
  setTimeout(() => {
    throw new Error('a bug');
  }, Number(process.env.FAKE_BUG));
process.exitCode = await runDashboard({
  engine: async () => {
    if (process.env.FAKE_FAILS === '1') throw noRuntime();
    return createFakeEngine({
      containers: Number(FAKE_CONTAINERS ?? 12),
      frozen: FAKE_FROZEN === '1',
      ...(FAKE_NOW === undefined ? {} : { now: Number(FAKE_NOW) }),
      past: Number(FAKE_PAST ?? 0),
      ...(FAKE_LOG_MS === undefined ? {} : { logMs: Number(FAKE_LOG_MS) }),
    });
  },
  alerts: () => readAlerts({ env: process.env }),
});

function noRuntime(): PlimsollError {
  return new PlimsollError('unavailable', 'there is no OCI runtime', {
    code: 'NO_RUNTIME',
    hint: 'run plimsoll doctor',
  });
}
