/**
 * How the machine starts plimsoll: units of systemd, written, enabled and taken away.
 *
 *     const { units } = await service.install({ user: false });
 * @module
 */
export type { Unit, UnitPlan, UnitRequest, UnitService } from './types.ts';
export { createUnitService, type UnitServiceOptions } from './unit-service.ts';
