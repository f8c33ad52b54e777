import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { formatMetrics, readMetrics } from '../../metrics/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { grafanaDashboard } from '../metrics/grafana-dashboard.ts';
import { rules, scrapeConfig } from '../metrics/prometheus-files.ts';
import { type ListenAddress, serveMetrics } from '../metrics/serve-metrics.ts';
import { badOption } from '../parse/bad-option.ts';

/** `metrics [--listen ADDRESS] [--rules] [--scrape-config] [--grafana]`: figures for Prometheus. */
export function configureMetrics(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll metrics >/var/lib/node_exporter/plimsoll.prom.new',
    'plimsoll metrics --listen 127.0.0.1:9477',
    'plimsoll metrics --rules >/etc/prometheus/plimsoll-rules.yml',
  )
    .option('--listen <address>', 'Answer GET /metrics at HOST:PORT, or a port of 127.0.0.1, until Ctrl-C')
    .option('--rules', 'Print recording and alert rules for Prometheus')
    .option('--scrape-config', "Print the part of Prometheus' configuration that scrapes it")
    .option('--grafana', 'Print a dashboard to import into Grafana')
    .action(async (options: { grafana?: true; listen?: string; rules?: true; scrapeConfig?: true }) => {
      if (options.rules) cli.stdout.write(rules);
      else if (options.grafana) cli.stdout.write(grafanaDashboard());
      else if (options.scrapeConfig) cli.stdout.write(scrapeConfig);
      else if (options.listen === undefined) cli.stdout.write(await currentMetrics(cli));
      else
        await serveMetrics(() => currentMetrics(cli), parseAddress(options.listen), {
          signal: cli.signal,
          onListening: address => cli.stderr.write(`figures are at ${address}; Ctrl-C ends it\n`),
        });
    });
}

async function currentMetrics(cli: Cli): Promise<string> {
  const { version } = manifest;
  return formatMetrics(
    await readMetrics(await cli.engine(), { now: Date.now(), version, signal: cli.signal }),
  );
}

function parseAddress(text: string): ListenAddress {
  const [, host, port] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535)
    return { host: (host ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  throw badOption(`"${text}" is no address to listen on`, 'write --listen 127.0.0.1:9477');
}
