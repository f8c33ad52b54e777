/**
 * Charts of blessed-contrib, drawn off-screen as lines of text.
 * @module
 */
export { donutChart, type Ring } from './donut-chart.ts';
export { type Curve, type LineChartOptions, lineChart } from './line-chart.ts';
