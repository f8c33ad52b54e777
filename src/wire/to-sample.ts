import type { ContainerSample } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { JsonFields } from './json-fields.ts';
import { readTime } from './time.ts';

/**
 * The counters of one answer of `GET /containers/{id}/stats`. `hostMemoryBytes`: a limit that is no smaller is none.
 * Undefined for a container that does not run.
 */
export function toSample(id: string, json: unknown, hostMemoryBytes: number): ContainerSample | undefined {
  const fields = new JsonFields(json, 'stats');
  const time = readTime(fields.text('read'));
  if (time === undefined) return undefined;
  const cpu = fields.object('cpu_stats');
  const throttling = cpu.object('throttling_data');
  const network = networkOf(fields);
  return {
    id,
    time,
    cpu: {
      usageSeconds: (cpu.object('cpu_usage').number('total_usage') ?? 0) / 1e9,
      throttledSeconds: (throttling.number('throttled_time') ?? 0) / 1e9,
      throttledPeriods: throttling.number('throttled_periods') ?? 0,
      periods: throttling.number('periods') ?? 0,
    },
    memory: memoryOf(fields.object('memory_stats'), hostMemoryBytes),
    ...(network === undefined ? {} : { network }),
    blockIo: blockOf(fields.object('blkio_stats')),
    pids: pidsOf(fields.object('pids_stats')),
  };
}

function memoryOf(fields: JsonFields, hostMemoryBytes: number): ContainerSample['memory'] {
  const stats = fields.object('stats');
  const first = (...names: string[]) =>
    names.map(name => stats.number(name)).find(value => value !== undefined) ?? 0;
  const usageBytes = fields.number('usage') ?? 0;
  const inactive = first('total_inactive_file', 'inactive_file');
  const limit = fields.amount('limit');
  return {
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - (inactive < usageBytes ? inactive : 0)),
    anonBytes: first('total_rss', 'anon', 'rss'),
    fileBytes: first('total_cache', 'file', 'cache'),
    shmemBytes: first('total_shmem', 'shmem'),
    kernelBytes: first('kernel', 'slab', 'kernel_stack'),
    ...defined({
      peakBytes: fields.amount('max_usage'),
      limitBytes:
        limit === undefined || (hostMemoryBytes > 0 && limit >= hostMemoryBytes) ? undefined : limit,
    }),
    oomKills: 0,
  };
}

function networkOf(fields: JsonFields): ContainerSample['network'] {
  const networks = fields.entries('networks').map(([name, value]) => new JsonFields(value ?? {}, name));
  if (networks.length === 0) return undefined;
  const sum = (name: string) => networks.reduce((total, each) => total + (each.number(name) ?? 0), 0);
  return { rxBytes: sum('rx_bytes'), txBytes: sum('tx_bytes') };
}

function blockOf(fields: JsonFields): ContainerSample['blockIo'] {
  const entries = fields.objects('io_service_bytes_recursive');
  const sum = (operation: string) =>
    entries
      .filter(each => each.text('op')?.toLowerCase() === operation)
      .reduce((total, each) => total + (each.number('value') ?? 0), 0);
  return { readBytes: sum('read'), writeBytes: sum('write') };
}

function pidsOf(fields: JsonFields): ContainerSample['pids'] {
  const limit = fields.amount('limit');
  // 2^63 - 1 and its like stand for none.
  return {
    current: fields.number('current') ?? 0,
    ...(limit !== undefined && limit < 2 ** 40 ? { limit } : {}),
  };
}
