import type { Volume } from '../engine/index.ts';
import { formatTime } from './time.ts';

/** A volume as docker's answers have it. */
export function volumeJson({ name, path, labels, created, options }: Volume): object {
  return {
    Name: name,
    Driver: 'local',
    Mountpoint: path,
    CreatedAt: formatTime(created),
    Labels: labels,
    Scope: 'local',
    Options: options,
  };
}
