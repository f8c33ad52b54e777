import { runAction } from './actions.ts';
import { actionFor } from './keymap.ts';
import type { Next } from './messages.ts';
import { onOverlayKey, onPromptKey } from './overlays.ts';
import { withSelection } from './selection.ts';
import { keyContexts } from './selectors.ts';
import type { State } from './state.ts';

/** What one key does: what is on top gets it first. */
export function onKey(state: State, key: string): Next {
  const [next, commands] = dispatch(state, key);
  return withSelection(next, state, commands);
}

function dispatch(state: State, key: string): Next {
  if (key === 'ctrl+c') return runAction(state, 'quit-now');
  if (key === 'ctrl+z') return runAction(state, 'suspend');
  if (state.prompt !== undefined) return onPromptKey(state, state.prompt, key);
  if (state.overlay !== undefined) return onOverlayKey(state, state.overlay, key);
  const action = actionFor(key, keyContexts(state));
  return action === undefined ? [state, []] : runAction(state, action);
}
