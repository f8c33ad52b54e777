/**
 * The edge between the dashboard and the engine: commands become calls, what the engine says becomes messages.
 * @module
 */
export { type DemoControl, Effects, type Host } from './effects.ts';
export { readBell, readRemembered, rememberedPath, writeBell, writeRemembered } from './remembered.ts';
