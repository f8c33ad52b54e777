import { badOption } from './bad-option.ts';

const methods = ['build', 'check', 'outline', 'targets'] as const;

/** What `build` is asked to do, and for whom it prints. */
export interface BuildCall {
  readonly method: (typeof methods)[number];
  readonly format: 'text' | 'json';
}

/** `--call METHOD[,format=text|json]`, of which `--check` is a short form. */
export function parseCall({ call, check }: { call?: string; check?: true }): BuildCall {
  if (call === undefined) return { method: check ? 'check' : 'build', format: 'text' };
  const [name = '', ...options] = call.split(',');
  const method = methods.find(known => known === name);
  if (method === undefined)
    throw badOption(`"${name}" is nothing to call`, `there are ${methods.join(', ')}`);
  const unknown = options.find(option => option !== 'format=json' && option !== 'format=text');
  if (unknown !== undefined)
    throw badOption(`--call takes no "${unknown}"`, 'it takes format=text or format=json');
  return { method, format: options.includes('format=json') ? 'json' : 'text' };
}
