import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createPort } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there can be no Prometheus here; false if there can. */
export const noPrometheus: string | false =
  spawnSync('prometheus', ['--version']).status === 0 ? false : 'needs prometheus';

/** A Prometheus on loopback that scrapes `metrics` from one target, every second. */
export async function openPrometheus(metrics: string): Promise<AsyncDisposable & { readonly url: URL }> {
  const folder = mkdtempSync(join(tmpdir(), 'plp-'));
  const target = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(metrics);
  });
  await once(target.listen(0, '127.0.0.1'), 'listening');
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `scrape_configs:
  - job_name: plimsoll
    scrape_interval: 1s
    static_configs: [{ targets: ['127.0.0.1:${(target.address() as AddressInfo).port}'] }]
`,
  );
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', args, { stdio: 'ignore', cwd: folder });
  const url = new URL(`http://127.0.0.1:${port}`);
  await scraped(url);
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      target.close();
      target.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createPort();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Two scrapes at least: a rate needs two points. */
async function scraped(url: URL): Promise<void> {
  const query = new URL('/api/v1/query?query=count_over_time(up[1m])>1', url);
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await fetch(query)
      .then(response => response.text())
      .catch(() => '');
    if (answer.includes('"value"')) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error('Prometheus does not scrape');
}
