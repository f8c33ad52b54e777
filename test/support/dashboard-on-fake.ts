import { runDashboard } from '../../src/tui/index.ts';
import { createFakeEngine } from './fake-engine.ts';

/**
 * A program for tests in a terminal: the real dashboard on the engine in memory. FAKE_CONTAINERS, FAKE_FROZEN, FAKE_NOW,
 * FAKE_PAST and FAKE_LOG_MS say how that is.
 */
const { FAKE_CONTAINERS, FAKE_FROZEN, FAKE_LOG_MS, FAKE_NOW, FAKE_PAST } = process.env;
process.exitCode = await runDashboard({
  engine: async () =>
    createFakeEngine({
      containers: Number(FAKE_CONTAINERS ?? 12),
      frozen: FAKE_FROZEN === '1',
      ...(FAKE_NOW === undefined ? {} : { now: Number(FAKE_NOW) }),
      past: Number(FAKE_PAST ?? 0),
      ...(FAKE_LOG_MS === undefined ? {} : { logMs: Number(FAKE_LOG_MS) }),
    }),
});
