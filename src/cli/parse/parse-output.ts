import type { LayerPacking } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { flagOf, parseFields } from './parse-fields.ts';

/** What becomes of a built image beside the store. */
export interface BuildOutput {
  /** `image`: nothing more than its names. `cacheonly`: not even an image, if it has no name. */
  readonly type: (typeof types)[number];
  /** A file or folder; `-` is standard output. */
  readonly dest?: string;
  /** Further names. */
  readonly names: readonly string[];
  /** Of `oci` and `docker`: one file, not a folder. */
  readonly tar: boolean;
  readonly rewriteTimestamp: boolean;
  /** Of `registry`, `oci` and `docker`: how layers are packed. */
  readonly packing?: LayerPacking;
}

const types = ['image', 'registry', 'oci', 'docker', 'tar', 'local', 'cacheonly'] as const;
const needDest: readonly BuildOutput['type'][] = ['oci', 'tar', 'local'];

/** Reads `--output` and `--push`, as buildx has them. */
export function parseOutputs({
  output = [],
  push,
  tag = [],
}: {
  readonly output?: string[];
  readonly push?: true;
  readonly tag?: string[];
}): BuildOutput[] {
  const outputs = [...output.map(parseOutput), ...(push ? [parseOutput('type=registry')] : [])];
  const isPushed = outputs.some(({ type }) => type === 'registry');
  if (isPushed && tag.length === 0 && outputs.every(({ names }) => names.length === 0))
    throw badOption('an image without a name cannot be pushed', 'name it with -t REGISTRY/NAME');
  if (outputs.filter(({ dest }) => dest === '-').length > 1)
    throw badOption('only one --output can go to standard output', 'give the others a dest=FILE');
  return outputs;
}

function parseOutput(text: string): BuildOutput {
  if (text === '-') return { type: 'tar', dest: '-', names: [], tar: true, rewriteTimestamp: false };
  if (!text.includes('='))
    return { type: 'local', dest: text, names: [], tar: true, rewriteTimestamp: false };
  const fields = parseFields(text, 'an output', known);
  const asked = fields.get('type');
  const type = types.find(known => known === asked);
  if (type === undefined)
    throw badOption(`there is no output of type "${asked ?? ''}"`, `there are ${types.join(', ')}`);
  const [dest, name] = [fields.get('dest'), fields.get('name')];
  if (dest === undefined && needDest.includes(type))
    throw badOption(`an output of type "${type}" needs a place`, `write type=${type},dest=PLACE`);
  const isPushed = type === 'registry' || (type === 'image' && flagOf(fields, 'push', false));
  const packing = packingOf(fields);
  if (packing !== undefined && !isPushed && type !== 'oci' && type !== 'docker')
    throw badOption(
      `an output of type "${type}" has no compression`,
      'layers are packed when they leave: write type=registry, oci or docker, or type=image with push=true',
    );
  if (!flagOf(fields, 'oci-mediatypes', true))
    throw badOption('there are no media types but those of OCI', 'take oci-mediatypes=false away');
  return {
    type: isPushed ? 'registry' : type,
    names: name === undefined ? [] : name.split(','),
    tar: flagOf(fields, 'tar', true),
    rewriteTimestamp: flagOf(fields, 'rewrite-timestamp', false),
    ...(dest === undefined ? {} : { dest }),
    ...(packing === undefined ? {} : { packing }),
  };
}

const known = [
  ...['type', 'dest', 'name', 'push', 'tar', 'rewrite-timestamp', 'oci-mediatypes'],
  ...['compression', 'compression-level', 'force-compression'],
];

const compressions = ['gzip', 'zstd', 'uncompressed'] as const;

function packingOf(fields: ReadonlyMap<string, string>): LayerPacking | undefined {
  const [asked, digits] = [fields.get('compression'), fields.get('compression-level')];
  const force = flagOf(fields, 'force-compression', false);
  if (asked === undefined && digits === undefined && !force) return undefined;
  const compression = compressions.find(known => known === (asked ?? 'gzip'));
  if (compression === undefined)
    throw badOption(`there is no compression "${asked}"`, `there are ${compressions.join(', ')}`);
  if (digits === undefined) return { compression, force };
  const [level, most] = [Number(digits), compression === 'zstd' ? 22 : 9];
  if (compression === 'uncompressed' || !/^\d+$/.test(digits) || level > most)
    throw badOption(`${compression} has no level "${digits}"`, 'gzip has 0 to 9, zstd 0 to 22');
  return { compression, level, force };
}
