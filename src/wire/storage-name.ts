/** What docker calls the driver that makes root filesystems. */
export function storageName(driver: string): string {
  if (driver === 'overlay') return 'overlay2';
  return driver === 'copy' ? 'vfs' : driver;
}
