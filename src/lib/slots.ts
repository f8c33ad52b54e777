/** Runs actions, at most so many at once; the others wait in line. */
export type Slots = <T>(action: () => Promise<T>) => Promise<T>;

/** A place where at most `count` actions run at once. */
export function createSlots(count: number): Slots {
  let free = count;
  const line: (() => void)[] = [];
  return async action => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => line.push(resolve));
    try {
      return await action();
    } finally {
      const next = line.shift();
      if (next === undefined) free++;
      else next(); // the place is handed on
    }
  };
}
