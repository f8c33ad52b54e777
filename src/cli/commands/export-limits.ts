import { type Command, Option } from 'commander';
import { type ExportedLimits, exportLimits, type LimitForm, limitForms } from '../../capacity/index.ts';
import type { ContainerLimits } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `export-limits CONTAINER... [--format FORM]`: the limits that containers have; `advise --export` those they need. */
export function configureExportLimits(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll export-limits web db --format compose >limits.yaml',
    'docker compose -f compose.yaml -f limits.yaml up -d',
    'plimsoll export-limits web --format kubernetes',
  )
    .argument('<container...>')
    .addOption(new Option('--format <form>', 'Who is to read them').choices(limitForms).default('docker'))
    .action(async (names: string[], { format }: { format: LimitForm }) => {
      const { containers } = await cli.engine();
      const all = names.map(name => containers.inspect(name));
      const limited = all.flatMap(({ name, limits }) => exported(name, limits) ?? []);
      for (const { name } of all) {
        if (limited.some(each => each.name === name)) continue;
        cli.stderr.write(`plimsoll: ${cleanText(name)} is left out: it has no limits\n`);
      }
      if (limited.length === 0) cli.setExitCode(1);
      cli.stdout.write(exportLimits(limited, format));
    });
}

/** Undefined where there is nothing that others could take over. */
function exported(name: string, limits: ContainerLimits): ExportedLimits | undefined {
  const { cpus, memoryBytes, memoryReservationBytes, memorySwapBytes } = limits;
  const { cpuQuota = -1, cpuPeriod = 100_000, cpuShares, cpusetCpus, pids, blockWeight } = limits;
  const cores = cpus ?? (cpuQuota > 0 ? cpuQuota / cpuPeriod : undefined);
  const positive = (value: number | undefined) => (value === undefined || value <= 0 ? undefined : value);
  const found = {
    cpus: positive(cores),
    memoryBytes: positive(memoryBytes),
    memoryReservationBytes: positive(memoryReservationBytes),
    memorySwapBytes,
    cpuShares,
    cpusetCpus,
    pids: positive(pids),
    blockWeight,
  };
  const entries = Object.entries(found).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : { name, enforcesCpus: true, ...Object.fromEntries(entries) };
}
