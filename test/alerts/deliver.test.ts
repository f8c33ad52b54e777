import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { deliverAlert } from '../../src/alerts/index.ts';
import type { Alert } from '../../src/capacity/index.ts';

const alert: Alert = {
  ...{ time: Date.UTC(2026, 0, 1), state: 'firing', rule: 'oom', subject: 'web' },
  ...{ value: 0.5, text: "web: it's `out` of $memory" },
};
const { signal } = new AbortController();

test('a command gets the alert in its environment, whatever is in its words', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-alert-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'told');
  const command = `echo "$PLIMSOLL_ALERT_STATE $PLIMSOLL_ALERT_SUBJECT $PLIMSOLL_ALERT_TEXT" >${file}`;
  await deliverAlert(alert, { command }, signal);
  assert.equal(readFileSync(file, 'utf8'), "firing web web: it's `out` of $memory\n");
  await assert.rejects(deliverAlert(alert, { command: 'echo no >&2; exit 3' }, signal), /ended with 3: no/);
});

test('a webhook gets it as JSON, again if it fails for a moment, and not if it is refused', async t => {
  const bodies: unknown[] = [];
  const url = await serve(t, (request, response) => {
    void text(request).then(body => {
      bodies.push(JSON.parse(body));
      response.writeHead(bodies.length === 1 ? 503 : 204).end();
    });
  });
  await deliverAlert(alert, { webhook: url }, signal);
  assert.equal(bodies.length, 2);
  assert.deepEqual(bodies[0], { ...alert, time: '2026-01-01T00:00:00.000Z' });
  let count = 0;
  const refusing = await serve(t, (_, response) => {
    count++;
    response.writeHead(404).end();
  });
  await assert.rejects(deliverAlert(alert, { webhook: refusing }, signal), /it answers 404/);
  assert.equal(count, 1);
});

async function serve(t: TestContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}
