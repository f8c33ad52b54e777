import type { ContainerLimits, RestartPolicy } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { badRequest } from './bad-request.ts';
import type { JsonFields } from './json-fields.ts';

type DeviceRate = NonNullable<ContainerLimits['deviceReadBytes']>[number];

/** The limits of a HostConfig, or of a request to update; docker's 0 is no limit. */
export function toLimits(fields: JsonFields): ContainerLimits {
  const nanoCpus = fields.amount('NanoCpus');
  const memorySwap = fields.amount('MemorySwap');
  const memory = fields.amount('Memory');
  const swappiness = fields.number('MemorySwappiness');
  return defined({
    memoryBytes: memory,
    memoryReservationBytes: fields.amount('MemoryReservation'),
    memorySwapBytes: memory === undefined && memorySwap === -1 ? undefined : memorySwap,
    memorySwappiness: swappiness === -1 ? undefined : swappiness,
    oomKillDisable: fields.flag('OomKillDisable') || undefined,
    cpus: nanoCpus === undefined ? undefined : nanoCpus / 1e9,
    cpuShares: fields.amount('CpuShares'),
    cpuQuota: fields.amount('CpuQuota'),
    cpuPeriod: fields.amount('CpuPeriod'),
    cpuRealtimeRuntime: fields.amount('CpuRealtimeRuntime'),
    cpuRealtimePeriod: fields.amount('CpuRealtimePeriod'),
    cpusetCpus: fields.words('CpusetCpus'),
    cpusetMems: fields.words('CpusetMems'),
    pids: fields.amount('PidsLimit'),
    blockWeight: fields.amount('BlkioWeight'),
    blockWeightDevices: rates(fields, 'BlkioWeightDevice', 'Weight'),
    deviceReadBytes: rates(fields, 'BlkioDeviceReadBps', 'Rate'),
    deviceWriteBytes: rates(fields, 'BlkioDeviceWriteBps', 'Rate'),
    deviceReadOperations: rates(fields, 'BlkioDeviceReadIOps', 'Rate'),
    deviceWriteOperations: rates(fields, 'BlkioDeviceWriteIOps', 'Rate'),
  });
}

function rates(fields: JsonFields, name: string, rate: string): DeviceRate[] | undefined {
  const found = fields.objects(name).map(each => ({
    path: each.text('Path') ?? '',
    rate: each.number(rate) ?? 0,
  }));
  return found.length === 0 ? undefined : found;
}

/** A RestartPolicy; undefined for one without a name. */
export function toRestartPolicy(fields: JsonFields): RestartPolicy | undefined {
  const name = fields.words('Name');
  const maximumRetries = fields.amount('MaximumRetryCount') ?? 0;
  if (name === undefined) return undefined;
  if (name === 'on-failure') return { name, maximumRetries };
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped') {
    throw badRequest(
      `invalid restart policy: unknown policy '${name}'`,
      'use no, always, unless-stopped or on-failure',
    );
  }
  if (maximumRetries === 0) return { name };
  throw badRequest(
    'invalid restart policy: maximum retry count can only be used with "on-failure"',
    'leave it out',
  );
}

/** The same as docker's answers have it: the part of a HostConfig that can be updated. */
export function limitsJson(limits: ContainerLimits): Record<string, unknown> {
  return {
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memoryBytes ?? 0,
    NanoCpus: Math.round((limits.cpus ?? 0) * 1e9),
    BlkioWeight: limits.blockWeight ?? 0,
    BlkioWeightDevice: (limits.blockWeightDevices ?? []).map(({ path, rate }) => ({
      Path: path,
      Weight: rate,
    })),
    BlkioDeviceReadBps: ratesJson(limits.deviceReadBytes),
    BlkioDeviceWriteBps: ratesJson(limits.deviceWriteBytes),
    BlkioDeviceReadIOps: ratesJson(limits.deviceReadOperations),
    BlkioDeviceWriteIOps: ratesJson(limits.deviceWriteOperations),
    CpuPeriod: limits.cpuPeriod ?? 0,
    CpuQuota: limits.cpuQuota ?? 0,
    CpuRealtimePeriod: limits.cpuRealtimePeriod ?? 0,
    CpuRealtimeRuntime: limits.cpuRealtimeRuntime ?? 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? (limits.memoryBytes ?? 0) * 2,
    ...(limits.memorySwappiness === undefined ? {} : { MemorySwappiness: limits.memorySwappiness }),
    ...(limits.oomKillDisable === undefined ? {} : { OomKillDisable: limits.oomKillDisable }),
    PidsLimit: limits.pids ?? null,
  };
}

function ratesJson(rates: readonly DeviceRate[] | undefined): { Path: string; Rate: number }[] {
  return (rates ?? []).map(({ path, rate }) => ({ Path: path, Rate: rate }));
}
