import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { type CdiEdits, type CdiSpec, readCdiSpec } from './cdi-spec.ts';

/** Where CDI specs are; those of the second folder win. */
const cdiFolders: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

/** Kinds of GPUs, as `--gpus` looks for them. */
const gpuKinds: readonly string[] = ['nvidia.com/gpu', 'amd.com/gpu', 'intel.com/gpu'];

/**
 * What devices ask of a container, by their full names `vendor.com/class=name`; what their specs ask for any device
 * comes first, once. Throws `not-found` (`CDI_DEVICE_NOT_FOUND`), which names those that there are.
 */
export async function findCdiDevices(
  names: readonly string[],
  folders: readonly string[] = cdiFolders,
): Promise<CdiEdits[]> {
  if (names.length === 0) return [];
  const specs = await readCdiSpecs(folders);
  const used = new Set<CdiSpec>();
  const edits = names.flatMap(name => {
    const found = lookUp(specs, name);
    if (found === undefined) throw notFound(name, specs);
    const general = used.has(found.spec) ? [] : [found.spec.edits];
    used.add(found.spec);
    return [...general, found.edits];
  });
  return edits;
}

/**
 * The CDI devices that `--gpus` stands for: `all`, the first so many, or those of the ids. Throws `unavailable`
 * (`CDI_DEVICE_NOT_FOUND`) where no spec describes GPUs.
 */
export async function gpuDevices(
  wanted: 'all' | number | readonly string[],
  folders: readonly string[] = cdiFolders,
): Promise<string[]> {
  const specs = await readCdiSpecs(folders);
  const kind = gpuKinds.find(name => specs.some(spec => spec.kind === name));
  if (kind === undefined) {
    throw new PlimsollError('unavailable', 'no CDI spec describes GPUs of this machine', {
      code: 'CDI_DEVICE_NOT_FOUND',
      hint: "make one with the vendor's tool, as in 'nvidia-ctk cdi generate --output=/etc/cdi/nvidia.json'",
    });
  }
  const ids =
    wanted === 'all'
      ? ['all']
      : typeof wanted === 'number'
        ? Array.from({ length: wanted }, (_, i) => `${i}`)
        : wanted;
  return ids.map(id => `${kind}=${id}`);
}

async function readCdiSpecs(folders: readonly string[]): Promise<CdiSpec[]> {
  const specs: CdiSpec[] = [];
  for (const path of [...folders].reverse().flatMap(specFiles)) {
    const spec = readCdiSpec(await parseFile(path));
    if (spec !== undefined) specs.push(spec);
  }
  return specs;
}

function specFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter(name => /\.(json|ya?ml)$/.test(name));
    return names.sort().map(name => join(folder, name));
  } catch {
    return [];
  }
}

/** A spec that cannot be read does not keep others from being used. */
async function parseFile(path: string): Promise<unknown> {
  try {
    const text = readFileSync(path, 'utf8');
    if (path.endsWith('.json')) return JSON.parse(text);
    return (await import('yaml')).parse(text);
  } catch {
    return undefined;
  }
}

function lookUp(specs: readonly CdiSpec[], name: string): { spec: CdiSpec; edits: CdiEdits } | undefined {
  const at = name.indexOf('=');
  const [kind, device] = [name.slice(0, at), name.slice(at + 1)];
  for (const spec of specs.filter(one => one.kind === kind)) {
    const found = spec.devices.find(one => one.name === device);
    if (found !== undefined) return { spec, edits: found.edits };
  }
  return undefined;
}

function notFound(name: string, specs: readonly CdiSpec[]): PlimsollError {
  const known = specs.flatMap(({ kind, devices }) => devices.map(device => `${kind}=${device.name}`));
  return new PlimsollError('not-found', `no CDI spec describes the device "${name}"`, {
    code: 'CDI_DEVICE_NOT_FOUND',
    hint:
      known.length > 0
        ? `there are ${known.slice(0, 8).join(', ')}`
        : `there is no spec in ${cdiFolders.join(' or ')}`,
    data: { device: name },
  });
}
