/** A family of figures. */
export interface Metric {
  /** Of a counter with `_total`; of an info without `_info`. */
  readonly name: string;
  readonly help: string;
  /** An info is a 1 whose labels tell. */
  readonly type: 'gauge' | 'counter' | 'info';
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * Figures as text. Prometheus' format (0.0.4) names a counter's family as its samples and knows no infos; OpenMetrics
 * (1.0.0) leaves the suffix out of the family's name, and ends with a mark, so that half a text is known as such.
 */
export function exposition(
  metrics: readonly Metric[],
  { openMetrics }: { readonly openMetrics: boolean },
): string {
  const text = metrics.map(metric => textOf(metric, openMetrics)).join('');
  return openMetrics ? `${text}# EOF\n` : text;
}

function textOf({ name, help, type, samples }: Metric, openMetrics: boolean): string {
  if (samples.length === 0) return '';
  const sampleName = type === 'info' ? `${name}_info` : name;
  const family = openMetrics ? name.replace(/_total$/, '') : sampleName;
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    return `${sampleName}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  const familyType = type === 'info' && !openMetrics ? 'gauge' : type;
  return `# HELP ${family} ${help}\n# TYPE ${family} ${familyType}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
