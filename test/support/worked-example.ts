import { pilotOn } from './dashboard-state.ts';

const GiB = 1024 ** 3;

/** The dashboard of a VM of 25 cores and 25 GiB whose one app uses 6 cores and 10 GiB. */
export async function workedExample(columns: number, rows: number) {
  const { pilot, engine } = await pilotOn(columns, rows, { containers: 1, cores: 25, past: 1 });
  const [listed] = engine.containers.list();
  if (listed === undefined) throw new TypeError('there is one');
  pilot.tell({ type: 'containers-listed', containers: [{ ...listed, name: 'app', limits: {} }] });
  const { host, containers } = await engine.stats.once();
  const app = [...containers].map(
    ([
      id,
      {
        memory: { limitBytes: _, ...memory },
        ...usage
      },
    ]) => {
      const used = { workingSetBytes: 10 * GiB, usageBytes: 10 * GiB };
      const cpu = { cpuCores: 6, cpuPercent: 600, cpuPercentOfHost: 24 };
      return [id, { ...usage, ...cpu, memory: { ...memory, ...used } }] as const;
    },
  );
  const memory = { memoryTotalBytes: 25 * GiB, memoryUsedBytes: 10 * GiB };
  for (let second = 1; second <= 60; second++)
    pilot.tell({
      type: 'frame-arrived',
      frame: {
        host: { ...host, cores: 25, cpuCores: 6, stealCores: 0, ...memory, time: host.time + second * 1000 },
        containers: new Map(app),
      },
    });
  return pilot;
}
