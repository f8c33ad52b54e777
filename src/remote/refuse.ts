import type { EngineFeature, EngineLink } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';

/** Throws why an engine elsewhere cannot do something: `not-implemented` (`REMOTE_LACKS`). */
export function refuse(lacks: EngineLink['lacks'], feature: EngineFeature): never {
  throw new PlimsollError('not-implemented', lacks[feature] ?? 'this engine cannot do that', {
    code: 'REMOTE_LACKS',
    hint: "plimsoll's own engine can: leave --host out",
  });
}

/** A service of which an engine elsewhere has nothing: whatever is asked of it is refused. */
export function refusing<Service extends object>(
  lacks: EngineLink['lacks'],
  feature: EngineFeature,
): Service {
  return new Proxy({} as Service, { get: () => () => refuse(lacks, feature) });
}
