/**
 * The dashboard as it looks: rows of cells made from the state, and the screen that holds them.
 *
 *     <Screen state={state} theme={theme} />
 * @module
 */
export { shownDetail } from './detail.ts';
export { Screen } from './screen.tsx';
