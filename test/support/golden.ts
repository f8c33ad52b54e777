import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compares text with `test/golden/<name>`; UPDATE_GOLDEN=1 writes it instead (not in CI: a picture that changed is looked at). */
export function golden(name: string, actual: string): void {
  const path = join(import.meta.dirname, '..', 'golden', name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, actual);
  assert.equal(
    actual,
    readFileSync(path, 'utf8'),
    `differs from test/golden/${name}; UPDATE_GOLDEN=1 writes it anew`,
  );
}
