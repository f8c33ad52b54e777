import type { ContainerSample, ContainerUsage, StatsFrame } from '../engine/index.ts';
import { formatTime, zeroTime } from './time.ts';

/** What a container uses at one moment, and at the moment before. */
export interface StatsMoment {
  readonly usage: ContainerUsage;
  readonly host: StatsFrame['host'];
}

/** An answer of `GET /containers/{id}/stats`; of a container that does not run all is nought. */
export function statsJson(
  { id, name }: { id: string; name: string },
  now: StatsMoment | undefined,
  before: StatsMoment | undefined,
): object {
  return {
    name: `/${name}`,
    id,
    read: formatTime(now?.usage.sample.time),
    preread: before === undefined ? zeroTime : formatTime(before.usage.sample.time),
    num_procs: 0,
    storage_stats: {},
    pids_stats: pidsJson(now?.usage.sample),
    cpu_stats: cpuJson(now),
    precpu_stats: cpuJson(before),
    memory_stats: now === undefined ? {} : memoryJson(now),
    blkio_stats: blockJson(now?.usage.sample),
    ...networksJson(now?.usage.sample),
  };
}

function pidsJson(sample: ContainerSample | undefined): object {
  if (sample === undefined) return {};
  const { current, limit } = sample.pids;
  return { current, ...(limit === undefined ? {} : { limit }) };
}

function cpuJson(moment: StatsMoment | undefined): object {
  const none = {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
  if (moment === undefined) return none;
  const { cpu } = moment.usage.sample;
  const { busySeconds, idleSeconds } = moment.host.sample.cpu;
  return {
    cpu_usage: { ...none.cpu_usage, total_usage: nanoseconds(cpu.usageSeconds) },
    system_cpu_usage: nanoseconds(busySeconds + idleSeconds),
    online_cpus: moment.host.cores,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: nanoseconds(cpu.throttledSeconds),
    },
  };
}

function memoryJson({ usage: { sample }, host }: StatsMoment): object {
  const { memory } = sample;
  const inactive = Math.max(0, memory.usageBytes - memory.workingSetBytes);
  return {
    usage: memory.usageBytes,
    ...(memory.peakBytes === undefined ? {} : { max_usage: memory.peakBytes }),
    limit: memory.limitBytes ?? host.memoryTotalBytes,
    stats: {
      anon: memory.anonBytes,
      file: memory.fileBytes,
      shmem: memory.shmemBytes,
      inactive_file: inactive,
      total_inactive_file: inactive,
    },
  };
}

function blockJson(sample: ContainerSample | undefined): object {
  const entry = (op: string, value: number) => ({ major: 0, minor: 0, op, value });
  return {
    io_service_bytes_recursive:
      sample === undefined
        ? []
        : [entry('read', sample.blockIo.readBytes), entry('write', sample.blockIo.writeBytes)],
    io_serviced_recursive: [],
    io_queue_recursive: [],
    io_service_time_recursive: [],
    io_wait_time_recursive: [],
    io_merged_recursive: [],
    io_time_recursive: [],
    sectors_recursive: [],
  };
}

function networksJson(sample: ContainerSample | undefined): object {
  if (sample?.network === undefined) return {};
  const { rxBytes, txBytes } = sample.network;
  const none = { rx_packets: 0, rx_errors: 0, rx_dropped: 0, tx_packets: 0, tx_errors: 0, tx_dropped: 0 };
  return { networks: { eth0: { rx_bytes: rxBytes, tx_bytes: txBytes, ...none } } };
}

function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}
