/** Commander's way to let an option stand many times: every value is kept, in order. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
