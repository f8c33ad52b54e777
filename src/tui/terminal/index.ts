/**
 * The terminal as a device: what it can show, the writer that sends it only changed cells, its clipboard.
 *
 *     const writer = new CellWriter(process.stdout);
 *     render(<App />, { stdout: writer, alternateScreen: true });
 * @module
 */
export {
  type Capabilities,
  type ColourDepth,
  detectCapabilities,
  terminalProblem,
} from './capabilities.ts';
export { CellWriter, type TerminalOutput } from './cell-writer.ts';
export { copySequence } from './clipboard.ts';
export { RowTable } from './row-table.ts';
export { sayBug } from './say-bug.ts';
export { skeleton } from './skeleton.ts';
