/**
 * Which engine a person means: this machine's, or one elsewhere by address or by docker's contexts.
 *
 *     const target = chooseEngine({ host: 'ssh://ship' }, process.env, { follows: true });
 * @module
 */
export { chooseEngine, type EngineChoice, readTls } from './choose-engine.ts';
export { exportContext, importContext } from './context-archive.ts';
export {
  chooseContext,
  createContext,
  currentContext,
  defaultContext,
  listContexts,
  readContext,
  readContextTls,
  removeContext,
} from './context-store.ts';
export type { ContextTls, EngineTarget, Env, StoredContext } from './types.ts';
export { usualSockets } from './usual-sockets.ts';
