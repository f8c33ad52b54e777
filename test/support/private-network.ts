import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const mark = 'PLIMSOLL_TEST_PRIVATE_NETWORK';

/** True in the process that `runPrivately` starts. */
export const isPrivate = process.env[mark] === '1';

/**
 * Runs a test file again in network and mount namespaces of its own (with loopback up, its own /sys, the
 * host's cgroups in it, and its own /run/netns), and reports its tests as tests of this process. Skips with `reason`, if there is one.
 */
export function runPrivately(file: string, reason: string | false): void {
  if (reason !== false) {
    test(file, { skip: reason });
    return;
  }
  test('in a network namespace of its own', { timeout: 280_000 }, async t => {
    const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', setUp, 'sh', process.execPath, file], {
      env: { ...process.env, [mark]: '1', NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = await text(child.stdout);
    const results = [...output.matchAll(/^(not ok|ok) \d+ - (.*?)(?: # (SKIP.*))?$/gm)];
    assert.ok(results.length > 0, `no test ran:\n${output}`);
    for (const [, outcome, name = '', skip] of results) {
      await t.test(name, { skip: skip ?? false }, () => assert.equal(outcome, 'ok', output));
    }
  });
}

const setUp = `
set -e
cgroups=$(mktemp -d)
mount --rbind /sys/fs/cgroup "$cgroups"
mount -t sysfs none /sys
mount --rbind "$cgroups" /sys/fs/cgroup
umount -l "$cgroups"
rmdir "$cgroups"
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip link set lo up
node=$1; shift
exec "$node" --test-reporter=tap "$@"
`;
