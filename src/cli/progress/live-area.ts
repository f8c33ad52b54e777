import type { Output } from '../cli.ts';

/** What to draw: lines that are done scroll by, lines that may change stand below them. */
export interface LiveFrame {
  readonly done: readonly string[];
  readonly live: readonly string[];
}

/**
 * Draws frames at the end of a terminal's output, each over the one before, ten times a second. Disposing of it draws the
 * done lines of a last one, and takes the live ones away.
 */
export function liveArea(output: Output, frame: (width: number, isLast: boolean) => LiveFrame): Disposable {
  let drawn = 0;
  const draw = (isLast: boolean) => {
    const width = Math.max(20, (output.columns ?? 80) - 1);
    const { done, live } = frame(width, isLast);
    const shown = isLast ? [] : live.slice(0, Math.max(4, (output.rows ?? 24) - 2));
    const back = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
    const text = back + [...done, ...shown].map(line => `${line}\n`).join('');
    drawn = shown.length;
    if (text !== '') output.write(text);
  };
  const timer = setInterval(draw, 100, false);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      draw(true);
      drawn = 0;
    },
  };
}
