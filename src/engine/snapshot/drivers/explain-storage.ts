import { type DriverName, driverNames, type StorageChoice } from './types.ts';

/** Why a driver was chosen, in words; undefined where the best one was, as it works. */
export function explainStorage({ driver, isForced, refused }: StorageChoice): string | undefined {
  if (isForced) return `PLIMSOLL_STORAGE is ${driver}`;
  const why = (name: DriverName) => (refused[name] === undefined ? [] : [`${name}: ${refused[name]}`]);
  return driverNames.flatMap(why).join('; ') || undefined;
}
