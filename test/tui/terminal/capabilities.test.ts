import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copySequence, detectCapabilities, terminalProblem } from '../../../src/tui/terminal/index.ts';

const utf8 = { LANG: 'en_US.UTF-8' };

test('colours follow NO_COLOR first, then COLORTERM, then the name of the terminal', () => {
  const depth = (env: Record<string, string>): string => detectCapabilities({ env }).colours;
  assert.equal(depth({ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }), 'none');
  assert.equal(depth({ TERM: 'xterm-256color', NO_COLOR: '' }), '256');
  assert.equal(depth({ TERM: 'xterm-256color', COLORTERM: 'truecolor' }), 'truecolor');
  assert.equal(depth({ TERM: 'xterm-ghostty' }), 'truecolor');
  assert.equal(depth({ TERM: 'xterm' }), '16');
  assert.equal(detectCapabilities({ env: { TERM: 'xterm-256color' }, noColour: true }).colours, 'none');
});

test('Unicode follows LC_ALL over LC_CTYPE over LANG, and the console of Linux has none', () => {
  const unicode = (env: Record<string, string>): boolean => detectCapabilities({ env }).unicode;
  assert.equal(unicode({ LANG: 'C.UTF-8' }), true);
  assert.equal(unicode({ LANG: 'C.UTF-8', LC_ALL: 'C' }), false);
  assert.equal(unicode({ LANG: 'C', LC_CTYPE: 'en_US.utf8' }), true);
  assert.equal(unicode({}), false);
  assert.equal(unicode({ ...utf8, TERM: 'linux' }), false);
});

test('no terminal, no keyboard and a dumb terminal are refused in one sentence', () => {
  const both = { stdinIsTty: true, stdoutIsTty: true };
  assert.match(terminalProblem({ ...both, env: { TERM: 'dumb' } }) ?? '', /"dumb"/);
  assert.match(terminalProblem({ ...both, stdinIsTty: false, env: {} }) ?? '', /keyboard/);
  assert.match(terminalProblem({ ...both, stdoutIsTty: false, env: {} }) ?? '', /terminal/);
  assert.equal(terminalProblem({ ...both, env: { TERM: 'xterm' } }), undefined);
});

test('the clipboard is reached through tmux too', () => {
  assert.equal(copySequence('hi', {}), '\u001b]52;c;aGk=\u0007');
  assert.equal(copySequence('hi', { TMUX: '/tmp/x' }), '\u001bPtmux;\u001b\u001b]52;c;aGk=\u0007\u001b\\');
});
