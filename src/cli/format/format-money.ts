import { monthlyCost, type Prices } from '../../capacity/index.ts';
import type { Column } from './table.ts';

/** What something costs in a month, as a column; none without prices. */
export function moneyColumn<Row>(
  prices: Prices | undefined,
  title: string,
  amounts: (row: Row) => { readonly cores?: number; readonly bytes?: number },
  csv: boolean,
): readonly Column<Row>[] {
  if (prices === undefined) return [];
  const value = (row: Row) => {
    const cost = monthlyCost(prices, amounts(row));
    return csv ? cost.toFixed(2) : formatMoney(cost, prices);
  };
  return [{ field: 'MonthlyCost', title, value }];
}

/** An amount of money with its currency: cents below 100, else whole ("12.50 EUR", "1,250 EUR"). */
export function formatMoney(amount: number, { currency }: Pick<Prices, 'currency'>): string {
  const digits = Math.abs(amount) < 99.995 ? 2 : 0;
  const [whole = '', cents] = amount.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${grouped}${cents === undefined ? '' : `.${cents}`}${currency === '' ? '' : ` ${currency}`}`;
}
