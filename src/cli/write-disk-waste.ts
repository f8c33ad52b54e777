import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type DiskWaste, diskWaste, quietContainers, quietFrom } from '../capacity/index.ts';
import type { Engine } from '../engine/index.ts';
import { formatBytes } from '../lib/format-bytes.ts';
import { formatDuration } from '../lib/format-duration.ts';
import type { Cli } from './cli.ts';
import type { Column } from './format/table.ts';
import { type FormOptions, isForPeople, writeReport } from './report-options.ts';

/** Writes what could be freed on the disk, and how. */
export async function writeDiskWaste(cli: Cli, options: FormOptions): Promise<void> {
  const engine = await cli.engine();
  const now = Date.now();
  const containers = engine.containers.list({ all: true });
  const rows = diskWaste({
    ...{ now, containers, images: engine.images.list(), volumes: engine.volumes.list() },
    usage: await engine.system.diskUsage({ signal: cli.signal }),
    cache: await engine.builds.cacheUsage(),
    logs: new Map(containers.map(({ id }) => [id, logBytes(engine, id)])),
    events: engine.events.list({ filter: { types: ['image', 'volume'] } }),
    quiet: quietContainers({
      ...{ containers, now },
      usage: engine.history.usage({ since: quietFrom(now) }),
      events: engine.events.list({ filter: { types: ['container'] } }),
      loggedAt: new Map(containers.flatMap(({ id }) => lastLine(engine, id))),
    }),
  });
  await writeReport(cli, rows, columns({ csv: options.csv ?? false, now }), options);
  if (!isForPeople(options)) return;
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  cli.stdout.write(
    rows.length === 0
      ? '\nNothing on the disk is wasted.\n'
      : `\nTogether ${formatBytes(bytes)}; plimsoll system prune --all frees most of it at once.\n`,
  );
}

/** Of a log and what was rotated away of it; a log that is not a file, or is on another machine, has none. */
function logBytes(engine: Engine, id: string): number {
  const { logPath } = engine.containers.inspect(id);
  const [folder, name] = [dirname(logPath), basename(logPath)];
  try {
    return readdirSync(folder)
      .filter(file => file === name || file.startsWith(`${name}.`))
      .reduce((sum, file) => sum + statSync(join(folder, file)).blocks * 512, 0);
  } catch {
    return 0;
  }
}

/** When a container has last written to its log, if that is a file here. */
function lastLine(engine: Engine, id: string): readonly (readonly [string, number])[] {
  try {
    return [[id, statSync(engine.containers.inspect(id).logPath).mtimeMs]];
  } catch {
    return [];
  }
}

/** For people with units; in CSV bytes, and milliseconds since the epoch. */
function columns({
  csv,
  now,
}: {
  readonly csv: boolean;
  readonly now: number;
}): readonly Column<DiskWaste>[] {
  return [
    { field: 'Kind', title: 'WHAT', value: ({ kind }) => kind },
    { field: 'Name', title: 'NAME', value: ({ name }) => name, quiet: true },
    { field: 'Size', title: 'SIZE', value: ({ bytes }) => (csv ? String(bytes) : formatBytes(bytes)) },
    {
      ...{ field: 'Memory', title: 'MEMORY' },
      value: ({ memoryBytes }) => {
        if (memoryBytes === undefined) return csv ? '' : '-';
        return csv ? String(memoryBytes) : formatBytes(memoryBytes);
      },
    },
    {
      ...{ field: 'LastUsed', title: 'LAST USED' },
      value: ({ lastUsed }) => {
        if (lastUsed === undefined) return csv ? '' : '-';
        return csv ? String(lastUsed) : `${formatDuration(now - lastUsed)} ago`;
      },
    },
    { field: 'Command', title: 'FREE IT BY', value: ({ command }) => command },
  ];
}
