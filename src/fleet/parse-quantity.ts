const suffixes: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, Pi: 1024 ** 5, Ei: 1024 ** 6 },
};

/** A quantity of Kubernetes (`250m`, `1Gi`, `1e3`) as a number; 0 for what is none. */
export function parseQuantity(text: string | undefined): number {
  const [, value = '', suffix = ''] =
    /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)(n|u|m|k|[KMGTPE]i|[MGTPE])?$/.exec(text ?? '') ?? [];
  const number = Number(value) * (suffixes[suffix] ?? 0);
  return Number.isFinite(number) ? number : 0;
}
