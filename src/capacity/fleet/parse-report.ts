import { cleanText } from '../../lib/clean-text.ts';
import type { ContainerReport, MachineReport, NeedReport, ResourceReport } from './machine-report.ts';

/** Containers of one machine that are taken; what tells of more is not believed. */
const mostContainers = 10_000;

/**
 * What another machine has written about itself, or undefined if that is no report: it may be of another version, or be
 * a word of its shell. Texts are cleaned, and nothing is believed that cannot be.
 */
export function parseReport(text: string): MachineReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { time, hostname, machine, cpu, memory, running, containers, observedSeconds } = objectOf(value);
  const [cores, bytes] = [resourceOf(cpu), resourceOf(memory)];
  if (cores === undefined || bytes === undefined || !isAmount(time)) return undefined;
  return {
    time,
    hostname: textOf(hostname),
    machine: textOf(machine),
    cpu: cores,
    memory: bytes,
    running: isAmount(running) ? running : 0,
    ...(isAmount(observedSeconds) ? { observedSeconds } : {}),
    ...(Array.isArray(containers)
      ? { containers: containers.slice(0, mostContainers).flatMap(containerOf) }
      : {}),
  };
}

function resourceOf(value: unknown): ResourceReport | undefined {
  const given = objectOf(value);
  const { capacity, used, usedByContainers, reserved } = given;
  if (![capacity, used, usedByContainers, reserved].every(isAmount) || !isAmount(capacity) || capacity === 0)
    return undefined;
  const recorded = Object.fromEntries(
    ['p95', 'peak', 'restP95', 'restPeak'].flatMap(name =>
      isAmount(given[name]) ? [[name, given[name]]] : [],
    ),
  );
  return {
    capacity,
    used: Math.min(Number(used), capacity),
    usedByContainers: Math.min(Number(usedByContainers), capacity),
    reserved: Number(reserved),
    ...recorded,
  };
}

function containerOf(value: unknown): ContainerReport[] {
  const { name, cpu, memory, apart, pinned } = objectOf(value);
  const [cores, bytes] = [needOf(cpu), needOf(memory)];
  if (typeof name !== 'string' || cores === undefined || bytes === undefined) return [];
  return [
    {
      name: textOf(name),
      cpu: cores,
      memory: bytes,
      ...(typeof apart === 'string' && apart !== '' ? { apart: textOf(apart) } : {}),
      ...(pinned === true ? { pinned } : {}),
    },
  ];
}

function needOf(value: unknown): NeedReport | undefined {
  const { p95, peak, needed } = objectOf(value);
  if (!isAmount(p95) || !isAmount(peak)) return undefined;
  return { p95, peak: Math.max(p95, peak), ...(isAmount(needed) ? { needed } : {}) };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? cleanText(value).slice(0, 128) : '';
}
