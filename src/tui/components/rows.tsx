import { Box, Text } from 'ink';
import { memo, type ReactElement } from 'react';

/** Finished rows of cells, drawn as they are. Redrawn only when one of them changed. */
export const Rows = memo(
  ({ rows, width }: RowsProps): ReactElement => (
    <Box width={width} height={rows.length} flexShrink={0}>
      <Text wrap="truncate-end">{rows.join('\n')}</Text>
    </Box>
  ),
  (before, after) => before.width === after.width && sameRows(before.rows, after.rows),
);
Rows.displayName = 'Rows';

/** `rows` are of exactly `width` cells each. */
export interface RowsProps {
  readonly rows: readonly string[];
  readonly width: number;
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
      <Rows rows={rows} width={width} />
    </Box>
  );
}

function sameRows(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((row, i) => row === b[i]));
}
