/**
 * The parts of a CDI spec that describe devices (Container Device Interface, cncf-tags/container-device-interface). A
 * spec is a JSON or YAML file that a vendor's tool writes; its fields are not to be trusted.
 */
export interface CdiSpec {
  /** `vendor.com/class`. */
  readonly kind: string;
  readonly devices: readonly { readonly name: string; readonly edits: CdiEdits }[];
  /** For any device of the spec. */
  readonly edits: CdiEdits;
}

/** What a device asks of a container. */
export interface CdiEdits {
  readonly env: readonly string[];
  readonly devices: readonly { readonly source: string; readonly target: string; readonly access: string }[];
  readonly mounts: readonly {
    readonly source: string;
    readonly target: string;
    readonly options: readonly string[];
  }[];
  readonly hooks: readonly {
    readonly name: string;
    readonly path: string;
    readonly args?: readonly string[];
    readonly env?: readonly string[];
    readonly timeout?: number;
  }[];
  readonly groups: readonly number[];
}

/** Reads a parsed spec; undefined for what is none. Parts of it that make no sense are left out. */
export function readCdiSpec(value: unknown): CdiSpec | undefined {
  const { kind, devices, containerEdits } = recordOf(value);
  if (typeof kind !== 'string' || !/^[A-Za-z0-9.-]+\/[\w.-]+$/.test(kind)) return undefined;
  return {
    kind,
    edits: editsOf(containerEdits),
    devices: listOf(devices).flatMap(device => {
      const { name, containerEdits: edits } = recordOf(device);
      return typeof name === 'string' ? [{ name, edits: editsOf(edits) }] : [];
    }),
  };
}

function editsOf(value: unknown): CdiEdits {
  const { env, deviceNodes, mounts, hooks, additionalGids } = recordOf(value);
  return {
    env: textsOf(env).filter(entry => entry.includes('=')),
    devices: listOf(deviceNodes).flatMap(deviceOf),
    mounts: listOf(mounts).flatMap(mountOf),
    hooks: listOf(hooks).flatMap(hookOf),
    groups: listOf(additionalGids).filter((gid): gid is number => Number.isInteger(gid) && Number(gid) > 0),
  };
}

function deviceOf(value: unknown): CdiEdits['devices'][number][] {
  const { path, hostPath, permissions } = recordOf(value);
  if (typeof path !== 'string' || !path.startsWith('/')) return [];
  const access = typeof permissions === 'string' && /^[rwm]{1,3}$/.test(permissions) ? permissions : 'rwm';
  return [
    { source: typeof hostPath === 'string' && hostPath !== '' ? hostPath : path, target: path, access },
  ];
}

function mountOf(value: unknown): CdiEdits['mounts'][number][] {
  const { hostPath, containerPath, options } = recordOf(value);
  if (typeof hostPath !== 'string' || typeof containerPath !== 'string') return [];
  const words = textsOf(options);
  return [
    {
      source: hostPath,
      target: containerPath,
      options: words.length === 0 ? ['ro', 'rbind', 'rprivate'] : words,
    },
  ];
}

function hookOf(value: unknown): CdiEdits['hooks'][number][] {
  const { hookName, path, args, env, timeout } = recordOf(value);
  if (typeof hookName !== 'string' || typeof path !== 'string' || !hookNames.includes(hookName)) return [];
  return [
    {
      name: hookName,
      path,
      ...(Array.isArray(args) ? { args: textsOf(args) } : {}),
      ...(Array.isArray(env) ? { env: textsOf(env) } : {}),
      ...(typeof timeout === 'number' && timeout > 0 ? { timeout } : {}),
    },
  ];
}

/** Of the OCI runtime spec. */
const hookNames = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((word): word is string => typeof word === 'string');
}
