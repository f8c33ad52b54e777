import type { EngineEvent, EventType } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { type Filters, passes, passesLabels } from './filters.ts';

const types: readonly EventType[] = ['container', 'image', 'network', 'volume', 'build'];

/** What events can be filtered by. */
export const eventFilters: readonly string[] = [
  'type',
  'event',
  'container',
  'image',
  'label',
  'network',
  'volume',
];

/** True for events that pass filters. Throws `invalid-argument` for a type that there is not. */
export function eventMatcher(filters: Filters): (event: EngineEvent) => boolean {
  const unknown = filters.get('type')?.find(value => !types.some(known => known === value));
  if (unknown !== undefined) {
    throw new PlimsollError('invalid-argument', `there are no events of type "${unknown}"`, {
      code: 'BAD_FILTER',
      hint: `there are ${types.join(', ')}`,
    });
  }
  return event => matches(event, filters);
}

function matches({ type, action, actor }: EngineEvent, filters: Filters): boolean {
  const { name = '', image = '' } = actor.attributes;
  const is = (kind: EventType) => (value: string) =>
    type === kind && (actor.id.startsWith(value) || name === value);
  return (
    passes(filters, 'type', value => type === value) &&
    passes(filters, 'event', value => action === value || action.startsWith(`${value}: `)) &&
    passes(filters, 'container', is('container')) &&
    passes(filters, 'network', is('network')) &&
    passes(filters, 'volume', is('volume')) &&
    passes(filters, 'image', value => image === value || is('image')(value)) &&
    passesLabels(filters, actor.attributes)
  );
}
