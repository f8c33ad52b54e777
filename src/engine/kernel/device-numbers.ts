/** False for what mknod(2) has no room for: it would make another device of it. */
export function isDeviceNumber({
  major,
  minor,
}: {
  readonly major: number;
  readonly minor: number;
}): boolean {
  return major >= 0 && major < 2 ** 12 && minor >= 0 && minor < 2 ** 20;
}

/** The parts of a device number as stat(2) gives it, in glibc's encoding: makedev(3). */
export function deviceNumbers(device: number): { readonly major: number; readonly minor: number } {
  const high = Math.floor(device / 2 ** 20); // beyond 32 bits, where operators on bits do not reach
  return { major: Math.floor(device / 256) % 4096, minor: (device % 256) + (high % 4096) * 256 };
}
