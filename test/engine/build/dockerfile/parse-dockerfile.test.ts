import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DockerfileError, parseDockerfile } from '../../../../src/engine/build/dockerfile/index.ts';
import { caseNames, dump, readCase, skipCases } from './cases.ts';

const parse = (text: string) => parseDockerfile({ file: 'Dockerfile', text });

test('parseDockerfile() reads each case of the language as its result says', { skip: skipCases }, async t => {
  for (const name of caseNames('parser')) {
    await t.test(name, () => {
      const tree = parse(readCase('parser', name, 'Dockerfile'));
      assert.equal(`${dump(tree.nodes)}\n`, readCase('parser', name, 'result'));
    });
  }
});

test('parseDockerfile() refuses each wrong case of the language', { skip: skipCases }, async t => {
  for (const name of caseNames('parser-negative')) {
    await t.test(name, () => {
      assert.throws(() => parse(readCase('parser-negative', name, 'Dockerfile')), DockerfileError);
    });
  }
});

test('parseDockerfile() gives first and last line of instructions', { skip: skipCases }, () => {
  const { nodes } = parse(readCase('parser-line', 'Dockerfile'));
  assert.deepEqual(
    nodes.map(node => [node.keyword, node.start, node.end]),
    [
      ['from', 5, 5],
      ['env', 11, 12],
      ['run', 17, 31],
    ],
  );
});

test('parseDockerfile() collects several here-documents in order and keeps the lines right', () => {
  const { nodes } = parse('FROM a\nCOPY <<one <<-"two" /x/\n1 $A\none\n\t2 $B\n\ttwo\nUSER me\n');
  assert.deepEqual(nodes[1]?.heredocs, [
    { name: 'one', content: '1 $A\n', expand: true, chomp: false },
    { name: 'two', content: '2 $B\n', expand: false, chomp: true },
  ]);
  assert.deepEqual([nodes[1]?.start, nodes[1]?.end, nodes[2]?.start], [2, 6, 7]);
});

test('parseDockerfile() sees no here-document in quotes, in arithmetic or in <<<', () => {
  for (const command of ['echo "<<EOF"', "echo '<<EOF'", 'echo $((1<<2))', 'cat <<<word', 'a << b']) {
    const { nodes } = parse(`FROM a\nRUN ${command}\nUSER me\n`);
    assert.deepEqual(
      nodes.map(node => node.heredocs.length),
      [0, 0, 0],
      command,
    );
  }
});

test('parseDockerfile() says which here-document has no end', () => {
  assert.throws(() => parse('FROM a\nRUN <<EOF\necho\n'), {
    name: 'DockerfileError',
    summary: 'Dockerfile:2: the here-document "EOF" has no end',
  });
});

test('parseDockerfile() reads files with a byte order mark and with Windows line ends', () => {
  const { nodes, directives } = parse('\uFEFF# escape=`\r\nFROM a\r\nRUN x `\r\n  y\r\n');
  assert.equal(directives.escape, '`');
  assert.equal(dump(nodes), '(from "a")\n(run "x   y")');
});

test('parseDockerfile() refuses a directive given twice and a strange escape character', () => {
  assert.throws(() => parse('# escape=`\n# escape=\\\nFROM a\n'), /"escape" is given twice/);
  assert.throws(() => parse('# escape=x\nFROM a\n'), /escape character "x"/);
});

test('parseDockerfile() names the instruction that was probably meant', () => {
  const error = errorOf(() => parse('FROM a\nCOYP a b\n'));
  assert.equal(error.summary, 'Dockerfile:2: "COYP" is not an instruction');
  assert.equal(error.hint, 'did you mean COPY?');
  assert.match(error.message, /2 \| >>> COYP a b/);
});

test('parseDockerfile() throws nothing but DockerfileError, whatever the text', () => {
  const line = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(RUN|COPY|ENV|FROM|ONBUILD|ARG|HEALTHCHECK|CMD) [\x20-\x7e]{0,20}$/),
    fc.constantFrom('# escape=`', '\\', '<<EOF', 'EOF', ' # comment', ''),
  );
  fc.assert(
    fc.property(fc.array(line), lines => {
      try {
        parse(lines.join('\n'));
      } catch (error) {
        assert.ok(error instanceof DockerfileError);
      }
    }),
  );
});

function errorOf(action: () => unknown): DockerfileError {
  try {
    action();
  } catch (error) {
    if (error instanceof DockerfileError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'expected a DockerfileError' });
}
