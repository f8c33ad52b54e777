/** Bytes received and sent over all interfaces but lo, from the text of /proc/PID/net/dev, see proc(5). */
export function parseNetDev(text: string): { rxBytes: number; txBytes: number } {
  let rxBytes = 0;
  let txBytes = 0;
  for (const match of text.matchAll(/^\s*([^\s:]+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/gm)) {
    if (match[1] === 'lo') continue;
    rxBytes += Number(match[2]);
    txBytes += Number(match[3]);
  }
  return { rxBytes, txBytes };
}
