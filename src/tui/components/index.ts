/**
 * What the views are made of: lines, boxes, tables, bars and charts as rows of cells, and their colours.
 *
 *     const rows = panel(tableLines(table).rows, { title: [['images', 'strong']], ... }, theme);
 * @module
 */

export { meter, type Segment, sparkline, stackedBar } from './bar.ts';
export { type Curve, donutChart, lineChart } from './charts/index.ts';
export { gradeTones } from './grade-tones.ts';
export { type PanelOptions, panel, plainRows, spansWidth } from './panel.ts';
export { FinishedRows, Floating, Rows } from './rows.tsx';
export { type Column, tableLines } from './table.ts';
export { createTheme, type Glyphs, type Line, type Span, type Theme, type Tone } from './theme.ts';
