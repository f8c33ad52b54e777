/**
 * The dashboard as it looks: rows of cells made from the state, and the screen that holds them.
 *
 *     <Screen state={state} theme={theme} />
 * @module
 */
export { Screen } from './screen.tsx';
