import type { ImageProcessConfig } from '../../../oci/index.ts';
import { applyChanges, environmentOf } from '../plan/index.ts';
import type { WorkConfigChange } from './types.ts';

/** A config after a change. Throws `DockerfileError` or `CHANGE_NOT_ALLOWED` for an instruction that is wrong. */
export function changeConfig(config: ImageProcessConfig, change: WorkConfigChange): ImageProcessConfig {
  const { user, cwd, changes = [] } = change;
  const env = environmentOf(config);
  for (const [name, value] of Object.entries(change.env ?? {})) {
    if (value === undefined) env.delete(name);
    else env.set(name, value);
  }
  const labels = { ...config.Labels, ...change.labels };
  const kept = Object.entries(labels).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const { Labels: _labels, Env: _env, ...rest } = config;
  const changed: ImageProcessConfig = {
    ...rest,
    ...(env.size === 0 ? {} : { Env: [...env].map(([name, value]) => `${name}=${value}`) }),
    ...(kept.length === 0 ? {} : { Labels: Object.fromEntries(kept) }),
    ...(user === undefined ? {} : { User: user }),
    ...(cwd === undefined ? {} : { WorkingDir: cwd }),
  };
  return changes.length === 0 ? changed : applyChanges(changed, changes);
}
