import type { EngineEvent, EventType } from '../engine/index.ts';
import { JsonFields } from './json-fields.ts';

const types: Readonly<Record<string, EventType>> = {
  container: 'container',
  image: 'image',
  network: 'network',
  volume: 'volume',
  builder: 'build',
};

/**
 * An event as `GET /events` of any engine streams it, numbered by who reads it. Undefined for what is no thing of this
 * engine's (daemon, plugin, swarm).
 */
export function toEvent(line: string, seq: number): EngineEvent | undefined {
  const json = JSON.parse(line) as unknown;
  const fields = new JsonFields(json, 'event');
  const type = types[fields.text('Type') ?? ''];
  if (type === undefined) return undefined;
  const actor = fields.object('Actor');
  const action = fields.text('Action') ?? fields.text('status') ?? '';
  return {
    seq,
    type,
    // Docker adds the command of exec_create and exec_start behind a colon.
    action: action.replace(/^(exec_\w+):.*/s, '$1') as EngineEvent['action'],
    actor: { id: actor.text('ID') ?? fields.text('id') ?? '', attributes: actor.pairs('Attributes') ?? {} },
    timeNano: /"timeNano"\s*:\s*(\d+)/.exec(line)?.[1] ?? `${fields.number('time') ?? 0}000000000`,
  };
}
