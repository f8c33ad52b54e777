import type { JsonFields } from '../wire/index.ts';

/** What an engine is called, from its answer to `GET /version`: `plimsoll`, `Podman Engine`, `Docker Engine`. */
export function productOf(version: JsonFields): string {
  const [component] = version.objects('Components');
  const named = component?.words('Name');
  if (version.object('Platform').words('Name') === 'plimsoll') return 'plimsoll';
  return named === undefined || named === 'Engine' ? 'Docker Engine' : named;
}
