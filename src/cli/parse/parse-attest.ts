import type { BuildRequest } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parseFields } from './parse-fields.ts';

type Attests = Pick<BuildRequest, 'provenance' | 'sbom'>;

/** Reads `--provenance`, `--sbom` and `--attest`, as buildx has them. */
export function parseAttests({
  provenance,
  sbom,
  attest = [],
}: {
  readonly provenance?: string | true;
  readonly sbom?: string | true;
  readonly attest?: string[];
}): Attests {
  const wanted = [
    ...attest,
    ...(provenance === undefined ? [] : [`type=provenance,${wordOf(provenance)}`]),
    ...(sbom === undefined ? [] : [`type=sbom,${wordOf(sbom)}`]),
  ].map(parseAttest);
  return Object.assign({}, ...wanted) as Attests;
}

/** `true`, `false` and a mode as fields. */
function wordOf(value: string | true): string {
  if (value === true || value === 'true') return 'disabled=false';
  if (value === 'false') return 'disabled=true';
  return value.includes('=') ? value : `mode=${value}`;
}

function parseAttest(text: string): Attests {
  const fields = parseFields(text, 'an attestation', ['type', 'mode', 'disabled']);
  if (fields.get('disabled') === 'true') return {};
  const [type, mode = 'min'] = [fields.get('type'), fields.get('mode')];
  if (type === 'sbom') return { sbom: true };
  if (type !== 'provenance')
    throw badOption(`there is no attestation of type "${type ?? ''}"`, 'there are provenance and sbom');
  if (mode === 'min' || mode === 'max') return { provenance: mode };
  throw badOption(`there is no provenance of mode "${mode}"`, 'there are min and max');
}
