import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Fail, parseGitSource, parseMount } from '../../../../src/engine/build/dockerfile/index.ts';

const fail: Fail = sentence => {
  throw new RangeError(sentence);
};
const mount = (text: string) => parseMount(text, word => word.replace('$V', 'value'), fail);

test('parseMount() is a read-only bind of the context unless it says otherwise', () => {
  const plain = { type: 'bind', source: '/', target: '', readOnly: true };
  assert.deepEqual(mount('target=/x'), { ...plain, target: '/x' });
  assert.deepEqual(mount('src=a,dst=/x,rw'), { ...plain, source: 'a', target: '/x', readOnly: false });
  assert.deepEqual(mount('destination=/x,readwrite=false,from=one'), { ...plain, target: '/x', from: 'one' });
  assert.equal(mount('type=cache,target=/x').type, 'cache');
  assert.deepEqual(mount('TYPE=tmpfs,target=/$V,size=1.5k'), {
    type: 'tmpfs',
    target: '/value',
    sizeBytes: 1536,
  });
});

test('parseMount() reads quoted fields as a CSV record', () => {
  assert.deepEqual(mount('"source=a,b",target=/x'), {
    type: 'bind',
    source: 'a,b',
    target: '/x',
    readOnly: true,
  });
  assert.throws(() => mount('"source=a'), /its quotes do not match/);
  assert.throws(() => mount('so"urce=a'), /its quotes do not match/);
});

test('parseMount() names a secret by id, source or target', () => {
  const common = { type: 'secret', required: false, mode: 0o400, uid: 0, gid: 0 };
  assert.deepEqual(mount('type=secret,id=a/b'), { ...common, id: 'a/b', target: '/run/secrets/b' });
  assert.deepEqual(mount('type=secret,source=s'), { ...common, id: 's', target: '/run/secrets/s' });
  assert.deepEqual(mount('type=secret,target=/etc/t'), { ...common, id: 't', target: '/etc/t' });
  assert.deepEqual(mount('type=secret,id=s,env=S,required'), {
    ...common,
    id: 's',
    env: 'S',
    required: true,
  });
  assert.deepEqual(mount('type=secret,id=s,env=S,target=/s,mode=0444,uid=1'), {
    ...{ ...common, id: 's', env: 'S', target: '/s' },
    ...{ mode: 0o444, uid: 1 },
  });
  assert.throws(() => mount('type=secret'), /it names no secret/);
  assert.throws(() => mount('type=secret,id=a,src=b'), /both an id and a source/);
});

test('parseMount() says what a mount cannot have', () => {
  const table: Readonly<Record<string, RegExp>> = {
    'type=volume,target=/x': /"volume" is no type/,
    'type=cache': /it has no target/,
    'type=cache,target=/x,sharing=all': /"all" is no sharing/,
    'type=cache,target=/x,mode=999': /its mode "999" is no mode/,
    'type=tmpfs,target=/x,size=big': /its size "big" is no size/,
    'type=tmpfs,target=/x,uid=1': /a mount of type tmpfs has no "uid"/,
    'target=/x,required': /a mount of type bind has no "required"/,
    'target=/x,ro=maybe': /neither true nor false/,
    target: /"target" has no value/,
    'target=/x,constructor=1': /has no "constructor"/,
  };
  for (const [text, error] of Object.entries(table)) assert.throws(() => mount(text), error, text);
});

test('parseMount() throws nothing but what fail() does, whatever the text', () => {
  const word = fc.constantFrom(
    'type',
    'cache',
    'secret',
    'ssh',
    '=',
    ',',
    '"',
    'target',
    'id',
    'mode',
    '7',
    'rw',
    '/x',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word).map(words => words.join('')),
      ),
      text => {
        try {
          mount(text);
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
      },
    ),
  );
});

test('parseGitSource() tells repositories from files and reads ref, folder and query', () => {
  const https = { remote: 'https://h/r.git', subdir: '', submodules: true };
  const table: Readonly<Record<string, unknown>> = {
    'https://h/file.tar.gz': undefined,
    'https://h/r.git': https,
    'https://h/r.git#main:docs': { ...https, ref: 'main', subdir: 'docs' },
    'https://h/r.git#:docs': { ...https, subdir: 'docs' },
    'https://h/r.git?branch=a/b&subdir=x': { ...https, ref: 'refs/heads/a/b', subdir: 'x' },
    'https://h/r.git?tag=v1&submodules=false': { ...https, ref: 'refs/tags/v1', submodules: false },
    'https://h/r.git?keep-git-dir&checksum=abc': { ...https, keepGitDir: true, checksum: 'abc', ref: 'abc' },
    'git@h:a/r.git#v1': { ...https, remote: 'git@h:a/r.git', ref: 'v1' },
    'ssh://git@h:22/r': { ...https, remote: 'ssh://git@h:22/r' },
    'git://h/r': { ...https, remote: 'git://h/r' },
    './r.git': undefined,
    'dir/name@2:x': undefined,
    src: undefined,
  };
  for (const [text, expected] of Object.entries(table))
    assert.deepEqual(parseGitSource(text), expected, text);
  for (const text of ['?ref=a#b', '?branch=a&tag=b', '?branch=', '?nope=1', '?ref=a&ref=b', '?submodules=x'])
    assert.throws(() => parseGitSource(`https://h/r.git${text}`), Error, text);
});
