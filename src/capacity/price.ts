/** What a machine costs, in one currency. */
export interface Prices {
  readonly coreHour: number;
  readonly gibHour: number;
  /** As it is written after an amount. */
  readonly currency: string;
}

const hoursPerMonth = 730;
const GiB = 1024 ** 3;

/** What cores and bytes of memory cost in a month of 730 hours. */
export function monthlyCost(
  { coreHour, gibHour }: Prices,
  { cores = 0, bytes = 0 }: { readonly cores?: number; readonly bytes?: number },
): number {
  return (cores * coreHour + (bytes / GiB) * gibHour) * hoursPerMonth;
}
