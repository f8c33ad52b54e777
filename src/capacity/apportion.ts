/**
 * `amounts` as they are if their sum is within `total`; else shrunk in proportion so that they add up to `total`
 * exactly. Amounts and total are multiples of `quantum`, and so is each result.
 */
export function apportion(amounts: readonly number[], total: number, quantum: number): number[] {
  const sum = amounts.reduce((all, amount) => all + amount, 0);
  if (sum <= total) return [...amounts];
  let seen = 0;
  let given = 0;
  return amounts.map(amount => {
    seen += amount;
    // Rounding the running sum, not each amount, keeps the last running sum at `total`.
    const upTo = seen === sum ? total : Math.round((seen / sum) * (total / quantum)) * quantum;
    const part = upTo - given;
    given = upTo;
    return part;
  });
}
