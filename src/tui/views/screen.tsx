import { Box } from 'ink';
import type { ReactElement } from 'react';
import { Floating, Rows, type Theme } from '../components/index.ts';
import { layoutOf, type State } from '../model/index.ts';
import { detailPanel } from './detail.ts';
import { footerRows, headerRows } from './header.ts';
import { listPanel } from './list.ts';
import { loadLineRows } from './load-line.ts';
import { popupOf } from './popup.ts';
import { sidePanels } from './side.ts';

/** The whole screen for a state, of exactly the terminal's size. */
export function Screen({ state, theme }: { readonly state: State; readonly theme: Theme }): ReactElement {
  const { columns, rows } = state.size;
  const layout = layoutOf(state);
  const popup = popupOf(state, theme);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {layout.header > 0 && <Rows rows={headerRows(state, columns, theme)} width={columns} />}
      <Rows rows={loadLineRows(state, columns, layout.loadLine, theme)} width={columns} />
      <Box>
        <Box flexDirection="column">
          {layout.list.height > 0 && (
            <Rows rows={listPanel(state, layout, theme)} width={layout.list.width} />
          )}
          {layout.detail.height > 0 && (
            <Rows rows={detailPanel(state, layout, theme)} width={layout.detail.width} />
          )}
        </Box>
        {layout.side.width > 0 && <Rows rows={sidePanels(state, layout, theme)} width={layout.side.width} />}
      </Box>
      <Rows rows={footerRows(state, layout.footer, theme)} width={columns} />
      {popup !== undefined && <Floating {...popup} />}
    </Box>
  );
}
