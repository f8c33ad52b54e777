import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startError } from '../../../src/engine/runtime/runtime-error.ts';

const table: readonly [words: string, code: string, message: RegExp][] = [
  [
    'mount `/tmp` to `etc/passwd`: Not a directory',
    'START_REFUSED',
    /"\/tmp" cannot be mounted at "\/etc\/passwd"/,
  ],
  ['open `/proc/x`: No such file or directory', 'START_REFUSED', /nothing can be mounted at "\/proc\/x"/],
  [
    'open `/a/rootfs/sys/x`: No such file or directory',
    'START_REFUSED',
    /nothing can be mounted at "\/sys\/x"/,
  ],
  ['open /proc/sys/net/ipv4/no: No such file or directory', 'START_REFUSED', /no setting "net\.ipv4\.no"/],
  [
    'write to /proc/sys/kernel/shmmax: Invalid argument',
    'START_REFUSED',
    /value for the setting "kernel\.shmmax"/,
  ],
  ['setrlimit `RLIMIT_NOFILE`: Operation not permitted', 'START_REFUSED', /the limit "nofile" is higher/],
  ['cannot setresuid to 70000: Invalid argument', 'START_REFUSED', /the uid 70000 is none/],
  ['chdir `/etc/passwd`: Not a directory', 'START_REFUSED', /"\/etc\/passwd" is no folder/],
  ['chdir `/nope`: No such file or directory', 'START_REFUSED', /no working folder "\/nope"/],
  [
    'chdir to cwd ("/nope") set in config.json failed: no such file or directory',
    'START_REFUSED',
    /no working folder "\/nope"/,
  ],
  ['sethostname: Invalid argument', 'START_REFUSED', /64 bytes/],
  ['executable file `/proc/x` not found: No such file or directory', 'COMMAND_NOT_FOUND', /does not exist/],
  [
    'executable file `nosuch` not found in $PATH: No such file or directory',
    'COMMAND_NOT_FOUND',
    /does not exist/,
  ],
  ['open executable: Permission denied', 'COMMAND_NOT_EXECUTABLE', /cannot be executed/],
  ['something else', 'RUNTIME_FAILED', /something else/],
];

test('a refusal of the runtime is said in a sentence, with what to do, and never taken for a missing command', () => {
  for (const [words, code, message] of table) {
    const error = startError(words, 'cmd');
    assert.equal(error.code, code, words);
    assert.match(error.message, message);
    assert.ok(code === 'RUNTIME_FAILED' || error.hint, words);
  }
});
