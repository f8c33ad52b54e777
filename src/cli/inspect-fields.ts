import { type AbsentField, UnknownField } from '../lib/go-template/index.ts';

/**
 * What a field of `inspect -f` stands for that the JSON leaves out: what Go has for nothing where docker knows the field,
 * nil in what is a map (`Labels`), an error elsewhere, so that no script takes a slip of the pen for an empty answer.
 */
export function absentFieldOf(facts: object): AbsentField {
  const kinds = new WeakMap<object, Kind>([[facts, ofObjects]]);
  const walk = (value: object, within: string) => {
    for (const [name, each] of Object.entries(value)) {
      if (typeof each !== 'object' || each === null) continue;
      kinds.set(each, kindOf(name, within));
      walk(each, name);
    }
  };
  walk(facts, '');
  return (object, name) => {
    const kind = kinds.get(object) ?? {};
    if (kind === 'map') return undefined;
    if (Object.hasOwn(kind, name)) return kind[name];
    throw new UnknownField(name, Object.keys(object));
  };
}

/** A map, or what docker's object has when it says nothing. */
type Kind = 'map' | Readonly<Record<string, unknown>>;

function kindOf(name: string, within: string): Kind {
  if (name === 'Config') return within === 'LogConfig' ? 'map' : ofConfig;
  if (name === 'State') return { Health: null };
  if (name === 'HostConfig') return ofHostConfig;
  return maps.has(name) ? 'map' : {};
}

const maps: ReadonlySet<string> = new Set([
  'Annotations',
  'Containers',
  'Data',
  'DriverOpts',
  'ExposedPorts',
  'Labels',
  'Networks',
  'Options',
  'PortBindings',
  'Ports',
  'StorageOpt',
  'Sysctls',
  'Tmpfs',
  'Volumes',
]);

const ofObjects = { SizeRw: null, SizeRootFs: null, UsageData: null };

const ofConfig = {
  ...{ StopSignal: '', StopTimeout: null, Healthcheck: null, ExposedPorts: {}, Volumes: {}, Shell: [] },
  ...{
    OnBuild: [],
    MacAddress: '',
    NetworkDisabled: false,
    ArgsEscaped: false,
    Hostname: '',
    Domainname: '',
  },
  ...{ Cmd: [], Entrypoint: [], Env: [], Labels: {}, User: '', WorkingDir: '', Image: '' },
  ...{
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
  },
};

const ofHostConfig = {
  ...{ Init: null, MemorySwappiness: null, OomKillDisable: null, CgroupnsMode: '', Mounts: [] },
  ...{ Tmpfs: {}, StorageOpt: {}, Sysctls: {}, Annotations: {}, MaskedPaths: [], ReadonlyPaths: [] },
  ...{
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    KernelMemory: 0,
    KernelMemoryTCP: 0,
  },
};
