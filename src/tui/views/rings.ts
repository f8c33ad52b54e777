import type { LoadLine } from '../../capacity/index.ts';
import { donutChart, type Line, type Theme } from '../components/index.ts';

/** What of the machine is in use, as two rings. */
export function machineRings({ cpu, memory }: LoadLine, width: number, height: number, theme: Theme): Line[] {
  const rings = [
    { share: cpu.used / cpu.capacity, label: 'CPU', tone: 'used' as const },
    { share: memory.used / memory.capacity, label: 'memory', tone: 'used' as const },
  ];
  return donutChart(rings, width, height, theme);
}
