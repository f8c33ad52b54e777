import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApiClient } from '../../src/remote/client.ts';
import { parseEndpoint } from '../../src/remote/index.ts';

test('hundreds of requests at once cost each about as much as one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plt-'));
  const held: ServerResponse[] = [];
  const server = createServer((_request, answer) => {
    held.push(answer);
    if (held.length < 500) return;
    for (const each of held) each.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(join(folder, 'api.sock'));
  await once(server, 'listening');
  try {
    using client = createApiClient(parseEndpoint(`unix://${join(folder, 'api.sock')}`));
    const before = process.cpuUsage();
    await Promise.all(Array.from({ length: 500 }, (_, i) => client.json('GET', `/containers/${i}/json`)));
    const { user } = process.cpuUsage(before);
    assert.ok(user < 3_000_000, `${user / 1e6} s of CPU`); // it was 10
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
