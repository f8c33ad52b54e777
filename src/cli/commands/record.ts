import type { Command } from 'commander';
import { messageOf } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { alsoOption } from '../report-options.ts';

/** What the recorder aims at of one core, as a share: promised is 0.01, and frames do not all cost the same. */
const coreShare = 0.007;

/** `record [--unit]`: writes the history until it is told to end. */
export function configureRecord(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll record',
    'plimsoll record --unit >/etc/systemd/system/plimsoll-record.service',
    'systemctl enable --now plimsoll-record',
    'plimsoll -H ssh://root@ship record   (kept here)',
  )
    .option('--unit', 'Print a systemd unit that records from boot on, and do nothing else')
    .option(...alsoOption)
    .action(async ({ unit, also = [] }: { unit?: true; also?: readonly string[] }) => {
      cli.alsoMeasure(also);
      if (unit) cli.stdout.write(unitOf((await cli.root()).dataDir, also));
      else await record(cli);
    });
}

async function record(cli: Cli): Promise<void> {
  // DOCKER_HOST is for docker's verbs; who wants another engine recorded names it.
  const target = cli.target();
  const elsewhere = target !== undefined && target.chosenBy !== 'DOCKER_HOST';
  const engine = await (elsewhere ? cli.engine() : cli.ownEngine());
  const say = (words: string) => cli.stderr.write(`${cleanText(words)}\n`);
  await using recorder = engine.history.record({
    report: error => say(`cannot record: ${messageOf(error)}`),
  });
  const beside = new Set<string>();
  let wrote: boolean | undefined;
  for await (const frame of engine.stats.stream({ coreShare, signal: cli.signal })) {
    recorder.add(frame);
    for (const { neighbour } of frame.neighbours?.values() ?? []) {
      if (beside.has(neighbour.address)) continue;
      beside.add(neighbour.address);
      say(`with the containers of ${neighbour.engine} at ${neighbour.address}`);
    }
    if (frame.host.cpuCores === 0 || recorder.writes === wrote) continue;
    wrote = recorder.writes;
    say(wrote ? 'recording; Ctrl-C ends it' : 'another plimsoll process records; standing by for it');
  }
}

function unitOf(dataDir: string, also: readonly string[]): string {
  const others = also.map(address => ` --also "${escaped(address)}"`).join('');
  return `[Unit]
Description=What the machine and its containers use, recorded by plimsoll

[Service]
ExecStart=/usr/bin/env plimsoll --root "${escaped(dataDir)}" record${others}
Restart=on-failure
Nice=10
MemoryMax=128M

[Install]
WantedBy=multi-user.target
`;
}

/** Within quotes of a unit, systemd.syntax(7). */
function escaped(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
