import type { ImageProcessConfig, Platform } from '../../../oci/index.ts';

/** What a stage carries from instruction to instruction while it is planned. */
export interface StageState {
  config: ImageProcessConfig;
  author?: string;
  readonly platform: Platform;
  /** Declared so far; undefined: declared without a value. */
  readonly args: Map<string, string | undefined>;
  /** CMD was set in this stage: a later ENTRYPOINT leaves it. */
  commandSet: boolean;
}

/** The search path that docker gives an image which says nothing. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const scratchConfig: ImageProcessConfig = { Env: [`PATH=${defaultPath}`], WorkingDir: '/' };

export function environmentOf(config: ImageProcessConfig): Map<string, string> {
  return new Map(
    (config.Env ?? []).map(entry => {
      const at = entry.indexOf('=');
      return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** Variables that words of this stage see: ENV hides an ARG of the same name. */
export function variablesOf(state: StageState): Map<string, string> {
  const variables = new Map<string, string>();
  for (const [name, value] of state.args) if (value !== undefined) variables.set(name, value);
  for (const [name, value] of environmentOf(state.config)) variables.set(name, value);
  return variables;
}

/** A copy of a config with one field set, or taken away with undefined. */
export function withField<K extends keyof ImageProcessConfig>(
  config: ImageProcessConfig,
  field: K,
  value: ImageProcessConfig[K] | undefined,
): ImageProcessConfig {
  const { [field]: _, ...rest } = config;
  return (value === undefined ? rest : { ...rest, [field]: value }) as ImageProcessConfig;
}
