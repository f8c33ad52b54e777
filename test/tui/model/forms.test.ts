import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openForm, parseBuildForm, parseRunForm, splitWords } from '../../../src/tui/model/forms.ts';

const run = (values: Record<string, string>) => parseRunForm({ ...openForm('run', values).values });

test('splitWords() keeps what is quoted together', () => {
  assert.deepEqual(splitWords(`a 'b c' "d e"f g\\ h ''`), ['a', 'b c', 'd ef', 'g h', '']);
  const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '=', 'é') });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), words => {
      const line = words.map(one => `'${one.replaceAll("'", `'\\''`)}'`).join(' ');
      assert.deepEqual(splitWords(line), words);
    }),
  );
});

test('the run form becomes the container that it describes', () => {
  const values = {
    image: 'app:1',
    name: 'web',
    ports: '8080:80 127.0.0.1:53:5353/udp 9000',
    env: "A=1 B='two words'",
    volumes: 'data:/var/lib /srv/x:/x:ro /cache',
    cpus: '1.5',
    memory: '512m',
    command: 'serve --fast',
    restart: 'on-failure',
  };
  assert.deepEqual(run(values), {
    value: {
      image: 'app:1',
      name: 'web',
      ports: [
        { protocol: 'tcp', hostAddress: '', hostPort: 8080, containerPort: 80 },
        { protocol: 'udp', hostAddress: '127.0.0.1', hostPort: 53, containerPort: 5353 },
        { protocol: 'tcp', hostAddress: '', hostPort: 0, containerPort: 9000 },
      ],
      env: ['A=1', 'B=two words'],
      mounts: [
        { type: 'volume', name: 'data', target: '/var/lib', readOnly: false },
        { type: 'bind', source: '/srv/x', target: '/x', readOnly: true, createSource: true },
        { type: 'volume', name: '', target: '/cache', readOnly: false },
      ],
      limits: { cpus: 1.5, memoryBytes: 512 * 1024 ** 2 },
      command: ['serve', '--fast'],
      restart: { name: 'on-failure', maximumRetries: 0 },
    },
  });
  assert.deepEqual(run({ image: 'app' }), { value: { image: 'app' } });
});

const mistakes: readonly (readonly [field: string, value: string, sentence: RegExp])[] = [
  ['image', '', /name the image/],
  ['ports', '80:x', /"80:x" is not a port/],
  ['ports', '99999:80', /"99999:80" is not a port/],
  ['env', 'NOVALUE', /"NOVALUE" is not of the form/],
  ['volumes', 'data', /"data" is not a volume/],
  ['volumes', 'data:/x:rx', /is not a volume/],
  ['cpus', 'many', /"many" is not a number of cores/],
  ['memory', '12x', /"12x" is not a size/],
];
for (const [field, value, sentence] of mistakes)
  test(`the run form names its field when ${field} is "${value}"`, () => {
    const parsed = run({ image: 'app', [field]: value });
    assert.ok('problem' in parsed);
    assert.equal(parsed.problem.field, field);
    assert.match(parsed.problem.text, sentence);
  });

test('the build form becomes a build request, and refuses an argument without a value', () => {
  const values = {
    context: '/srv/app',
    tag: 'app:1 app:latest',
    target: 'final',
    args: "V=1 W='a b'",
    cache: 'no',
  };
  assert.deepEqual(parseBuildForm(values), {
    value: {
      context: '/srv/app',
      tags: ['app:1', 'app:latest'],
      target: 'final',
      buildArgs: { V: '1', W: 'a b' },
      noCache: true,
    },
  });
  assert.deepEqual(parseBuildForm({}), { value: { context: '.' } });
  assert.ok('problem' in parseBuildForm({ args: 'V' }));
});
