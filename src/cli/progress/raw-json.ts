import { createHash } from 'node:crypto';
import type { BuildProgress, BuildStep } from '../../engine/index.ts';
import type { Output } from '../cli.ts';

/**
 * A printer of a build for programs: a line of JSON per event, in the shape of docker's `--progress=rawjson` (BuildKit's
 * SolveStatus), and beyond it `cacheMiss` on a vertex that was not served from the cache.
 */
export function rawProgress(output: Output): (event: BuildProgress) => void {
  const vertexes = new Map<number, Vertex>();
  let build = '';
  const digestOf = (step: number) =>
    `sha256:${createHash('sha256').update(`${build}/${step}`).digest('hex')}`;
  const say = (status: object) => output.write(`${JSON.stringify(status)}\n`);
  const change = (step: number, fields: Partial<Vertex>) => {
    const vertex = vertexes.get(step);
    if (vertex === undefined) return;
    const next = { ...vertex, ...fields };
    vertexes.set(step, next);
    say({ vertexes: [next] });
  };
  return event => {
    switch (event.kind) {
      case 'planned':
        build = event.build;
        for (const step of event.steps)
          vertexes.set(step.id, { ...vertexes.get(step.id), ...vertexOf(step, digestOf) });
        say({ vertexes: [...vertexes.values()] });
        break;
      case 'step-started':
        change(event.step, { started: timeOf(event.time) });
        break;
      case 'step-output':
        say({ logs: [logOf(event, digestOf(event.step))] });
        break;
      case 'step-finished': {
        const { outcome, cacheMiss, error } = event;
        const completed = timeOf(event.time);
        const { started = completed } = vertexes.get(event.step) ?? {};
        change(event.step, {
          started,
          completed,
          ...(outcome === 'cached' ? { cached: true } : {}),
          ...(cacheMiss === undefined ? {} : { cacheMiss }),
          ...(error === undefined ? {} : { error }),
          ...(outcome === 'cancelled' ? { error: 'context canceled' } : {}),
        });
        break;
      }
      case 'warned':
        say({ warnings: [warningOf(event, digestOf(0))] });
        break;
      case 'finished':
        break; // docker's has no line for it: the exit code says it
    }
  };
}

interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly inputs?: readonly string[];
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly cacheMiss?: string;
  readonly error?: string;
}

function vertexOf({ id, name, dependsOn }: BuildStep, digestOf: (step: number) => string): Vertex {
  const inputs = dependsOn.map(digestOf);
  return { digest: digestOf(id), name, ...(inputs.length === 0 ? {} : { inputs }) };
}

function logOf({ time, stream, text }: Extract<BuildProgress, { kind: 'step-output' }>, vertex: string) {
  const data = Buffer.from(text).toString('base64');
  return { vertex, stream: stream === 'stdout' ? 1 : 2, data, timestamp: timeOf(time) };
}

function warningOf(
  { rule, message, fix, url, line, endLine = line }: Extract<BuildProgress, { kind: 'warned' }>,
  vertex: string,
) {
  const bytes = (text: string) => Buffer.from(text).toString('base64');
  return {
    vertex,
    level: 1,
    short: bytes(
      `${rule === undefined ? '' : `${rule}: `}${message}${line === undefined ? '' : ` (line ${line})`}`,
    ),
    ...(fix === undefined ? {} : { detail: [bytes(fix)] }),
    ...(url === undefined ? {} : { url }),
    ...(line === undefined ? {} : { range: [{ start: { line }, end: { line: endLine } }] }),
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
