import type { EngineEvent } from '../engine/index.ts';

/** An event as `GET /events` streams it, with the fields that clients before 1.22 knew. */
export function eventJson({ type, action: verb, actor, timeNano }: EngineEvent): object {
  const { execCommand, ...attributes } = actor.attributes;
  const action = execCommand === undefined ? verb : `${verb}: ${execCommand}`;
  const word = type === 'build' ? 'builder' : type;
  const { image } = attributes;
  return {
    ...(type === 'container'
      ? { status: action, id: actor.id, ...(image === undefined ? {} : { from: image }) }
      : {}),
    ...(type === 'image' ? { status: action, id: actor.id } : {}),
    Type: word,
    Action: action,
    Actor: { ID: actor.id, Attributes: attributes },
    scope: 'local',
    time: Number(BigInt(timeNano) / 1_000_000_000n),
    timeNano: exact(timeNano),
  };
}

/** Digits beyond 2^53 that must not be rounded; a function of ES2026 that TypeScript does not know yet. */
function exact(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits);
}
