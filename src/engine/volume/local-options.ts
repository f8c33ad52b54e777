import { PlimsollError } from '../../errors.ts';

/** What is mounted for a volume of docker's driver `local` with options; see mount(8). */
export interface LocalMount {
  readonly type: string;
  readonly device: string;
  /** Of mount(8), between commas. */
  readonly options: string;
}

/**
 * Docker's options of the driver `local`: `type`, `device`, `o`, as mount(8) takes them. Undefined for none of them: a
 * folder of its own. Throws `invalid-argument` (`VOLUME_OPTION_INVALID`).
 */
export function localMount(options: Readonly<Record<string, string>>): LocalMount | undefined {
  const names = Object.keys(options);
  const unknown = names.find(name => !['type', 'device', 'o'].includes(name));
  if (unknown !== undefined) throw invalid(`a volume has no option "${unknown}"`);
  if (names.length === 0) return undefined;
  const { type = '', device = type === 'tmpfs' ? 'tmpfs' : '', o = '' } = options;
  if (type === '') throw invalid('the options of a volume lack its type');
  if (device === '') throw invalid('the options of a volume lack its device');
  if (type === 'none' && !/(^|,)r?bind(,|$)/.test(o)) throw invalid('a volume of type none is a bind');
  return { type, device, options: o };
}

function invalid(message: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, {
    code: 'VOLUME_OPTION_INVALID',
    hint: 'as in -o type=tmpfs -o o=size=100m, -o type=none -o o=bind -o device=/srv/data, or -o type=nfs -o o=addr=10.0.0.1,rw -o device=:/exports',
  });
}
