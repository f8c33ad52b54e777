/** The same without what is undefined, as types with exact optional properties want it. */
export function defined<T extends object>(fields: T): { [key in keyof T]: Exclude<T[key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [key in keyof T]: Exclude<T[key], undefined> };
}
