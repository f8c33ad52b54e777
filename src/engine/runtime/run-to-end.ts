import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { cancelled, PlimsollError } from '../../errors.ts';
import { commandError, start } from '../kernel/index.ts';
import { clearCgroup } from './cgroup.ts';
import { errorLines, startError } from './runtime-error.ts';
import type { Runtime } from './types.ts';

type EndRequest = Parameters<Runtime['runToEnd']>[0];

/**
 * Runs `crun run` (or runc's) below a shell (which gives what it starts its own input on descriptor 4) that gets a line on
 * descriptor 3 when it may begin, and then waits on it. Only the caller holds it open: when the caller ends, however it
 * ends, the shell deletes the container, and goes on with that as long as the runner lives: the container may be only about
 * to be created. A deletion that comes amid the creation can take the state away and leave the process, which no further
 * one would find: what the runner has started is killed as well.
 * Arguments: the program for run, the program for delete, the state folder, the log, the bundle, the id.
 */
const script = `
read -r _ <&3 || exit 1
exec 4<&0
"$1" --root "$3" --log "$4" --log-format json run --bundle "$5" "$6" <&4 3<&- 4<&- & runner=$!
(
  read -r _ <&3
  while
    "$2" --root "$3" delete --force "$6"
    read -r _ _ _ parent _ </proc/$runner/stat && [ "$parent" = $$ ] && kill -9 $(cat /proc/$runner/task/*/children)
    kill -0 $runner
  do sleep 0.05; done
) >/dev/null 2>&1 & guard=$!
exec 3<&- 4<&-
wait $runner; code=$?
kill $guard 2>/dev/null
exit $code`;

/** See `Runtime.runToEnd`. */
export async function runToEnd(runtime: Runtime, stateDir: string, request: EndRequest): Promise<number> {
  const { bundle, process: wanted, signal } = request;
  if (signal?.aborted) throw cancelled('the step');
  await runtime.writeBundle(bundle, wanted);
  const log = join(bundle, 'runtime.log');
  rmSync(log, { force: true });
  const stopHarvest = harvestWhenMade(runtime, bundle, wanted.id);
  try {
    const code = await spawnGuarded(
      runtime,
      [runtime.createPath, runtime.path, stateDir, log, bundle, wanted.id],
      request,
    );
    if (signal?.aborted) throw cancelled('the step');
    const complaint = code === 0 ? '' : errorLines(readLog(log));
    if (complaint !== '') throw startError(complaint, wanted.args[0] ?? '');
    return code;
  } finally {
    stopHarvest();
    if (existsSync(join(stateDir, wanted.id))) await runtime.delete(wanted.id);
    if (signal?.aborted) await clearCgroup(wanted.cgroupPath);
  }
}

function spawnGuarded(
  runtime: Runtime,
  args: string[],
  { onOutput, signal, terminal }: EndRequest,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = start('/bin/sh', ['-c', script, 'sh', ...args], {
      stdio: terminal ? ['inherit', 'inherit', 'inherit', 'pipe'] : ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const lifeline = child.stdio[3] as Duplex;
    lifeline.on('error', () => {}); // the shell closes its end as soon as the guard has it
    const stop = () => lifeline.destroy();
    signal?.addEventListener('abort', stop, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
    child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
    child.on('error', error => reject(commandError(runtime.path, error)));
    if (child.pid !== undefined) void runtime.adopt(child.pid).then(() => lifeline.write('\n'));
    child.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', stop);
      stop();
      if (code !== null) resolve(code);
      else reject(killed(killedBy));
    });
  });
}

/** The compiled filter is there only while the container lives: look for it until it is made. */
function harvestWhenMade(runtime: Runtime, bundle: string, id: string): () => void {
  let looks = 0;
  const timer = setInterval(() => {
    runtime.keepCompiledFilter(bundle, id);
    if (++looks === 40) clearInterval(timer);
  }, 5);
  timer.unref();
  return () => clearInterval(timer);
}

function readLog(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function killed(signal: NodeJS.Signals | null): PlimsollError {
  return new PlimsollError('internal', `the step's runtime was killed by ${signal}`, {
    code: 'RUNTIME_FAILED',
  });
}
