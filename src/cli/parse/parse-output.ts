import { badOption } from './bad-option.ts';
import { flagOf, parseFields } from './parse-fields.ts';

/** What becomes of a built image beside the store. */
export interface BuildOutput {
  /** `image`: nothing more than its names. */
  readonly type: 'image' | 'registry' | 'oci' | 'docker' | 'tar' | 'local';
  /** A file or folder; `-` is standard output. */
  readonly dest?: string;
  /** Further names. */
  readonly names: readonly string[];
  /** Of `oci` and `docker`: one file, not a folder. */
  readonly tar: boolean;
  readonly rewriteTimestamp: boolean;
}

const types = ['image', 'registry', 'oci', 'docker', 'tar', 'local'] as const;
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
  return {
    type: type === 'image' && flagOf(fields, 'push', false) ? 'registry' : type,
    names: name === undefined ? [] : name.split(','),
    tar: flagOf(fields, 'tar', true),
    rewriteTimestamp: flagOf(fields, 'rewrite-timestamp', false),
    ...(dest === undefined ? {} : { dest }),
  };
}

const known = ['type', 'dest', 'name', 'push', 'tar', 'rewrite-timestamp'];
