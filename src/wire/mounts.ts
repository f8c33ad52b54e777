import type { ContainerMount } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { badRequest, notServed } from './bad-request.ts';
import type { JsonFields } from './json-fields.ts';

/** All mounts of a request to create a container: Binds, Mounts, Tmpfs and the Config's Volumes. */
export function toMounts(config: JsonFields, host: JsonFields): ContainerMount[] {
  const explicit = [
    ...(host.texts('Binds') ?? []).map(parseBind),
    ...host.objects('Mounts').map(toMount),
    ...Object.entries(host.pairs('Tmpfs') ?? {}).map(toTmpfs),
  ];
  const taken = new Set(explicit.map(({ target }) => target));
  const anonymous = config.entries('Volumes').filter(([target]) => !taken.has(target));
  return [
    ...explicit,
    ...anonymous.map(([target]) => volume({ name: '', target: absolute(target), readOnly: false })),
  ];
}

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];
/** Of SELinux and Docker Desktop, or the default: nothing to do. */
const withoutMeaning = ['', 'rw', 'z', 'Z', 'consistent', 'cached', 'delegated'];

/** One of Binds: `source:target[:options]`, or a target alone. */
function parseBind(text: string): ContainerMount {
  const parts = text.split(':');
  const [source = '', target = '', options = ''] = parts.length === 1 ? ['', text] : parts;
  if (parts.length > 3) throw badRequest(`invalid volume specification: '${text}'`);
  const words = options.split(',').filter(word => !withoutMeaning.includes(word));
  const unknown = words.find(word => word !== 'ro' && word !== 'nocopy' && !propagations.includes(word));
  if (unknown !== undefined) throw badRequest(`invalid mode: ${unknown} in '${text}'`);
  const common = { target: absolute(target), readOnly: words.includes('ro') };
  if (!source.startsWith('/'))
    return volume({ name: source, ...common, noCopy: words.includes('nocopy') || undefined });
  const propagation = words.find(word => propagations.includes(word));
  return { type: 'bind', source, createSource: true, ...common, ...defined({ propagation }) };
}

/** One of Mounts. */
function toMount(fields: JsonFields): ContainerMount {
  const type = fields.text('Type') ?? '';
  const target = absolute(fields.text('Target') ?? '');
  const source = fields.text('Source') ?? '';
  const readOnly = fields.flag('ReadOnly') ?? false;
  if (type === 'bind') return toBind(fields, { source, target, readOnly });
  if (type === 'tmpfs') {
    const options = fields.object('TmpfsOptions');
    const [sizeBytes, mode] = [options.amount('SizeBytes'), options.amount('Mode')];
    return { type, target, ...defined({ sizeBytes, mode, options: readOnly ? ['ro'] : undefined }) };
  }
  if (type !== 'volume')
    throw notServed(`mounts of type "${type}" are not supported`, 'use bind, volume or tmpfs');
  const options = fields.object('VolumeOptions');
  const driver = options.object('DriverConfig').words('Name') ?? 'local';
  if (driver !== 'local') throw notServed(`there is no volume driver "${driver}"`, 'use local');
  const noCopy = options.flag('NoCopy') || undefined;
  return volume({ name: source, target, readOnly, noCopy, subpath: options.words('Subpath') });
}

function toBind(
  fields: JsonFields,
  { source, target, readOnly }: { source: string; target: string; readOnly: boolean },
): ContainerMount {
  if (!source.startsWith('/'))
    throw badRequest(
      `invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`,
    );
  const options = fields.object('BindOptions');
  const propagation = options.words('Propagation');
  const recursive = options.flag('NonRecursive')
    ? ('disabled' as const)
    : options.flag('ReadOnlyNonRecursive')
      ? ('writable' as const)
      : options.flag('ReadOnlyForceRecursive')
        ? ('readonly' as const)
        : undefined;
  const createSource = options.flag('CreateMountpoint') || undefined;
  return { type: 'bind', source, target, readOnly, ...defined({ propagation, recursive, createSource }) };
}

/** One of Tmpfs: a path, and options of mount(8). */
function toTmpfs([target, words]: [string, string]): ContainerMount {
  const options = words.split(',').filter(word => word !== '');
  return { type: 'tmpfs', target: absolute(target), ...(options.length === 0 ? {} : { options }) };
}

function volume(fields: {
  name: string;
  target: string;
  readOnly: boolean;
  noCopy?: boolean | undefined;
  subpath?: string | undefined;
}): ContainerMount {
  const { name } = fields;
  if (name !== '' && !/^[a-zA-Z0-9][\w.-]*$/.test(name)) {
    throw badRequest(
      `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  return { type: 'volume', ...defined(fields) };
}

function absolute(target: string): string {
  if (!target.startsWith('/'))
    throw badRequest(`invalid mount path: '${target}' mount path must be absolute`);
  if (/^\/+\.*\/*$/.test(target)) throw badRequest("invalid volume specification: destination can't be '/'");
  return target;
}

/** The mounts of a container as docker's answers have them; `volumePath` says where a volume is. */
export function mountsJson(
  mounts: readonly ContainerMount[],
  volumePath: (name: string) => string,
): Record<string, unknown>[] {
  return mounts.map(mount => mountJson(mount, volumePath));
}

function mountJson(mount: ContainerMount, volumePath: (name: string) => string): Record<string, unknown> {
  const Destination = mount.target;
  switch (mount.type) {
    case 'bind': {
      const Propagation = mount.propagation ?? 'rprivate';
      return { Type: 'bind', Source: mount.source, Destination, Mode: '', RW: !mount.readOnly, Propagation };
    }
    case 'volume': {
      const { name } = mount;
      const common = { Driver: 'local', Mode: 'z', RW: !mount.readOnly, Propagation: '' };
      return { Type: 'volume', Name: name, Source: volumePath(name), Destination, ...common };
    }
    case 'tmpfs': {
      const RW = !(mount.options?.includes('ro') ?? false);
      return { Type: 'tmpfs', Source: '', Destination, Mode: '', RW, Propagation: '' };
    }
  }
}

/** The explicit mounts, as the Binds of a HostConfig. */
export function bindsJson(mounts: readonly ContainerMount[]): string[] {
  return mounts.flatMap(mount => {
    if (mount.type === 'tmpfs') return [];
    const source = mount.type === 'bind' ? mount.source : mount.name;
    return source === '' ? [] : [`${source}:${mount.target}${mount.readOnly ? ':ro' : ''}`];
  });
}
