/**
 * For `node --import ./test/support/whole-output.ts`: what is written is with the reader before the process goes on. A
 * test file that ends with process.exit, as those of a run do, else loses what a busy reader has not taken by then.
 */
const { _handle: handle } = process.stdout as { _handle?: { setBlocking?(on: boolean): void } };
handle?.setBlocking?.(true);
