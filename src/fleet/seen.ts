import type { NeedReport } from '../capacity/index.ts';
import { LogHistogram } from '../lib/log-histogram.ts';

/** What was seen, since it is watched, of the machine, of what is not containers on it, and of each container. */
export class Seen {
  readonly #all = new Map<string, { readonly cpu: LogHistogram; readonly memory: LogHistogram }>();
  #first: number | undefined;

  add(id: string, cores: number, bytes: number): void {
    const own = this.#all.get(id) ?? { cpu: new LogHistogram(), memory: new LogHistogram() };
    this.#all.set(id, own);
    own.cpu.add(cores);
    own.memory.add(bytes);
  }

  since(time: number): number {
    this.#first ??= time;
    return Math.max(0, (time - this.#first) / 1000);
  }

  need(id: string, of: 'cpu' | 'memory'): NeedReport {
    const histogram = this.#all.get(id)?.[of];
    return { p95: histogram?.quantile(0.95) ?? 0, peak: histogram?.max ?? 0 };
  }

  machine(of: 'cpu' | 'memory') {
    const [{ p95, peak }, rest] = [this.need('machine', of), this.need('rest', of)];
    return { p95, peak, restP95: rest.p95, restPeak: rest.peak };
  }
}
