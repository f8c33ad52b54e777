/** A package that is installed in an image. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly architecture?: string;
  readonly supplier?: string;
  readonly licence?: string;
  /** The source package that it was built from. */
  readonly source?: string;
  /** Type of its package URL. */
  readonly type: 'deb' | 'apk';
}

/** Reads dpkg's database (`/var/lib/dpkg/status`, or a file of `status.d`): what is installed of it. deb-status(5). */
export function readDpkgStatus(text: string): Package[] {
  return text.split(/\n\s*\n/).flatMap(paragraph => {
    const fields = fieldsOf(paragraph, /^([A-Za-z][A-Za-z0-9-]*):\s*(.*)$/);
    const [name, version] = [fields.get('Package'), fields.get('Version')];
    const status = fields.get('Status');
    if (name === undefined || version === undefined) return [];
    if (status !== undefined && !/ installed$/.test(status)) return [];
    return [
      {
        ...{ name, version, type: 'deb' as const },
        ...optional('architecture', fields.get('Architecture')),
        ...optional('supplier', fields.get('Maintainer')),
        ...optional('source', fields.get('Source')?.replace(/ \(.*$/, '')),
      },
    ];
  });
}

/** Reads apk's database (`/lib/apk/db/installed`): a letter and a colon before each field. apk-v2(5). */
export function readApkInstalled(text: string): Package[] {
  return text.split(/\n\s*\n/).flatMap(paragraph => {
    const fields = fieldsOf(paragraph, /^([A-Za-z]):(.*)$/);
    const [name, version] = [fields.get('P'), fields.get('V')];
    if (name === undefined || version === undefined) return [];
    return [
      {
        ...{ name, version, type: 'apk' as const },
        ...optional('architecture', fields.get('A')),
        ...optional('supplier', fields.get('m')),
        ...optional('licence', fields.get('L')),
        ...optional('source', fields.get('o')),
      },
    ];
  });
}

function fieldsOf(paragraph: string, form: RegExp): ReadonlyMap<string, string> {
  return new Map(
    paragraph.split('\n').flatMap(line => {
      const [, key, value] = form.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
    }),
  );
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  return (value === undefined || value === '' ? {} : { [key]: value }) as { readonly [key in K]?: string };
}
