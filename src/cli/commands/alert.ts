import type { Command } from 'commander';
import { type AlertTargets, deliverAlert } from '../../alerts/index.ts';
import { type Alert, createAlertFeed, defaultAlertRules, parseAlertRule } from '../../capacity/index.ts';
import { messageOf } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { readAlerts } from '../config/read-alerts.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseDuration } from '../parse/parse-time.ts';

interface Options {
  readonly rule?: readonly string[];
  readonly quietAfterStart?: string;
  readonly bell?: true;
  readonly exec?: string;
  readonly webhook?: string;
  readonly json?: true;
}

/** What the watch may use of one core, as a share. */
const coreShare = 0.008;

/** `alert`: watches until Ctrl-C, and tells what is wrong. */
export function configureAlert(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll alert --bell',
    "plimsoll alert --rule 'memory > 95% until 85% for 1m' --rule oom --webhook https://hooks.example/x",
    'plimsoll alert --exec \'logger -t plimsoll "$PLIMSOLL_ALERT_STATE $PLIMSOLL_ALERT_TEXT"\'',
  )
    .option(
      '--rule <rule>',
      `What to tell of, instead of those of the configuration file, else: ${defaultAlertRules.join('; ')}`,
      collect,
    )
    .option(
      '--quiet-after-start <duration>',
      'How long nothing is told of a container that was started (default 1m)',
    )
    .option('--bell', 'Ring the bell of the terminal')
    .option(
      '--exec <command>',
      'Run this with the alert in PLIMSOLL_ALERT_STATE, _RULE, _SUBJECT, _VALUE, _TEXT',
    )
    .option('--webhook <url>', 'Send it there as JSON')
    .option('--json', 'Print it as a line of JSON')
    .action(async (options: Options) => {
      const chosen = await readAlerts(cli);
      const rules =
        options.rule?.map(parseAlertRule) ?? chosen.rules ?? defaultAlertRules.map(parseAlertRule);
      const quietMs =
        options.quietAfterStart === undefined
          ? (chosen.quietMs ?? 60_000)
          : parseDuration(options.quietAfterStart);
      const targets = parseTargets(options);
      cli.stderr.write(`watching ${rules.length} rules; Ctrl-C ends it\n`);
      const deliveries = new Set<Promise<void>>();
      for await (const alert of alertsOf(cli, { rules, quietMs })) {
        write(cli, alert, options);
        // One that takes long holds up no other, and not the watch.
        const delivery = deliver(cli, alert, targets).finally(() => deliveries.delete(delivery));
        deliveries.add(delivery);
      }
      await Promise.all(deliveries);
    });
}

async function deliver(cli: Cli, alert: Alert, targets: AlertTargets): Promise<void> {
  try {
    await deliverAlert(alert, targets, cli.signal);
  } catch (error) {
    if (!cli.signal.aborted) cli.stderr.write(`${cleanText(messageOf(error))}\n`);
  }
}

async function* alertsOf(cli: Cli, watched: Parameters<typeof createAlertFeed>[1]): AsyncGenerator<Alert> {
  const engine = await cli.engine();
  const feed = createAlertFeed(engine, watched, Date.now());
  for await (const frame of engine.stats.stream({ coreShare, signal: cli.signal }))
    yield* feed(frame, Date.now());
}

function write(cli: Cli, alert: Alert, { json, bell }: Options): void {
  const time = new Date(alert.time).toISOString();
  const text = json
    ? JSON.stringify({ ...alert, time })
    : `${time.slice(0, 19).replace('T', ' ')} ${alert.state.padEnd(8)} ${cleanText(alert.text)} (${alert.rule})`;
  cli.stdout.write(`${text}\n`);
  if (bell && cli.stderr.isTTY) cli.stderr.write('\u0007');
}

function parseTargets({ exec, webhook }: Options): AlertTargets {
  if (webhook !== undefined && !(/^https?:\/\//.test(webhook) && URL.canParse(webhook)))
    throw badOption(`"${webhook}" is no address for a webhook`, 'write --webhook https://HOST/PATH');
  return {
    ...(exec === undefined ? {} : { command: exec }),
    ...(webhook === undefined ? {} : { webhook: new URL(webhook) }),
  };
}
