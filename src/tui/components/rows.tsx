import { Box, Text } from 'ink';
import { createContext, memo, type ReactElement, useContext } from 'react';
import type { RowTable } from '../terminal/index.ts';

/** Where finished rows are kept while the terminal shows them. Without one, Ink draws the rows itself. */
export const FinishedRows = createContext<RowTable | undefined>(undefined);

/** `rows` are of exactly `width` cells each; those of a higher layer lie over the others. */
export interface RowsProps {
  readonly rows: readonly string[];
  readonly width: number;
  readonly layer?: number;
}

/** Finished rows of cells, drawn as they are. */
export const Rows = memo(DrawnRows, (before, after) => {
  return before.width === after.width && before.layer === after.layer && sameRows(before.rows, after.rows);
});

function DrawnRows({ rows, width, layer = 0 }: RowsProps): ReactElement {
  const finished = useContext(FinishedRows);
  const lines = finished === undefined ? rows : rows.map(row => finished.markOf(row, width, layer));
  return (
    <Box width={width} height={rows.length} flexShrink={0}>
      <Text wrap="truncate-end">{lines.join('\n')}</Text>
    </Box>
  );
}

/** Rows over what is drawn before: a popup with its corner at `top` and `left`. */
export function Floating({
  rows,
  width,
  top,
  left,
}: RowsProps & { readonly top: number; readonly left: number }): ReactElement {
  return (
    <Box position="absolute" marginTop={top} marginLeft={left}>
      <Rows rows={rows} width={width} layer={1} />
    </Box>
  );
}

function sameRows(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((row, i) => row === b[i]));
}
