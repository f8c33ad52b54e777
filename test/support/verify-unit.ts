import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tool = 'systemd-analyze';

/** Why systemd's own tool cannot judge units here; false if it can. */
export const noSystemdAnalyze: string | false =
  spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : 'needs systemd-analyze (systemd)';

/** What `systemd-analyze verify` finds wrong with a unit, `others` being there too; empty is right. */
export function verifyUnit(
  name: string,
  text: string,
  others: readonly { readonly name: string; readonly text: string }[] = [],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'plu-'));
  try {
    for (const other of others) writeFileSync(join(folder, other.name), other.text);
    const file = join(folder, name);
    writeFileSync(file, text);
    const { stdout, stderr, status } = spawnSync(tool, ['verify', '--man=no', file], { encoding: 'utf8' });
    const about = `${stdout}${stderr}`.split('\n').filter(line => line.includes(name));
    return [...about, ...(status === 0 ? [] : [`exit code ${status}: ${stderr}`])].join('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The words of a command line of a unit, as systemd reads them (systemd.service(5), "Command lines"). */
export function unitWords(line: string): string[] {
  const words = line.match(/("(?:[^"\\]|\\.)*"|\S+)/g) ?? [];
  return words.map(word =>
    word
      .replace(/^"(.*)"$/s, '$1')
      .replace(/\\(.)/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter)
      .replaceAll('%%', '%')
      .replaceAll('$$', '$'),
  );
}
