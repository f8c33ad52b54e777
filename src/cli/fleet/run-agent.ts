import { adviseFrom, loadLine, measuredContainers, reportMachine } from '../../capacity/index.ts';
import { machineId, type StatsFrame } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';

/** What the agent may use of one core, as a share. */
const coreShare = 0.008;
/** What was recorded is told as often as that: it takes longer to read, and hardly changes. */
const recordedEveryMs = 60_000;
/** Needs look back this far. */
const windowMs = 14 * 86_400_000;

/**
 * What ssh runs on each machine of a fleet: a report as a line of JSON every few seconds, and the history written
 * meanwhile. Ends with its input, so that nothing stays behind when the connection is gone.
 */
export async function runAgent(cli: Cli, everyMs: number): Promise<void> {
  const engine = await cli.engine();
  const gone = new AbortController();
  const stop = () => gone.abort();
  cli.stdin.once('end', stop).once('close', stop).once('error', stop).resume();
  const signal = AbortSignal.any([cli.signal, gone.signal]);
  const facts = await engine.stats.facts();
  await using recorder = engine.history.record();
  let told = { report: 0, recorded: 0 };
  for await (const frame of engine.stats.stream({ coreShare, signal })) {
    recorder.add(frame);
    const { time } = frame.host;
    if (told.report === 0) {
      told = { report: time - everyMs + 500, recorded: 0 }; // the next one has rates
      continue;
    }
    if (time - told.report < everyMs - 500) continue;
    const isFull = time - told.recorded >= recordedEveryMs;
    told = { report: time, recorded: isFull ? time : told.recorded };
    cli.stdout.write(`${JSON.stringify(readReport(frame, isFull))}\n`);
  }

  function readReport(frame: StatsFrame, isFull: boolean) {
    const own = engine.containers.list();
    const line = loadLine(frame, new Map(own.map(({ id, limits }) => [id, limits])));
    if (!isFull) return reportMachine({ facts, frame, line });
    const since = frame.host.time - windowMs;
    const usage = engine.history.usage({ since });
    const containers = measuredContainers(own, frame);
    const advised = adviseFrom(engine, { containers, frame, since, usage });
    const machine = usage.get(machineId);
    const running = new Map(
      [...usage].filter(([id]) => frame.containers.has(id) || frame.neighbours?.has(id)),
    );
    return reportMachine({
      ...{ facts, frame, line },
      recorded: { machine, usage: running, containers, advised },
    });
  }
}
