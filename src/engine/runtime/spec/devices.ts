import { PlimsollError } from '../../../errors.ts';
import { allDevices, deviceRules } from './defaults.ts';
import type { OciDevice, OciMount, OciResources } from './oci-spec.ts';

/** A device of the host for a container. */
export interface RequestedDevice {
  readonly source: string;
  /** Where it is in the container. */
  readonly target: string;
  /** Of `rwm`: read, write, make. */
  readonly access: string;
}

type Rules = NonNullable<OciResources['devices']>;

/** The device nodes and the device cgroup of a container. `found`: the host's devices that a request stands for. */
export function resolveDevices(
  request: {
    readonly privileged: boolean;
    readonly devices: readonly (RequestedDevice & { readonly found: OciDevice })[];
    readonly deviceRules: readonly string[];
    /** In a user's namespaces nobody may make device nodes. */
    readonly rootless?: boolean;
  },
  hostDevices: readonly OciDevice[],
): { readonly devices: readonly OciDevice[]; readonly rules: Rules; readonly mounts: readonly OciMount[] } {
  // There runtimes bind the host's node instead, but only at its own path: under another name it is a mount of ours.
  const bound = request.rootless ? request.devices.filter(({ found, target }) => found.path !== target) : [];
  const wanted = request.devices
    .filter(device => !bound.includes(device))
    .map(({ found, target }) => ({ ...found, path: target }));
  const targets = new Set(wanted.map(({ path }) => path));
  const base = request.privileged ? hostDevices.filter(({ path }) => !targets.has(path)) : [];
  const allowed = request.devices.map(({ found: { type, major, minor }, access }) => ({
    allow: true,
    type,
    major,
    minor,
    access,
  }));
  const rules = request.privileged ? allDevices : deviceRules;
  return {
    devices: [...base, ...wanted],
    rules: [...rules, ...allowed, ...request.deviceRules.map(parseDeviceRule)],
    mounts: bound.map(({ found, target }) => ({
      destination: target,
      type: 'bind',
      source: found.path,
      options: ['bind', 'private', 'rw'],
    })),
  };
}

/** One `--device-cgroup-rule`, as the kernel has them: `c 10:200 rwm`, `a *:* rwm`. Throws `invalid-argument`. */
export function parseDeviceRule(text: string): Rules[number] {
  const [, type, major, minor, access] = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text.trim()) ?? [];
  if (access === undefined) {
    throw new PlimsollError('invalid-argument', `"${text}" is no rule for devices`, {
      code: 'DEVICE_INVALID',
      hint: "write TYPE MAJOR:MINOR ACCESS, as in 'c 10:200 rwm'",
    });
  }
  return {
    allow: true,
    ...(type === undefined ? {} : { type }),
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}
