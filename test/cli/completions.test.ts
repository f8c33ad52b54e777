import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine/index.ts';
import { runPlimsoll } from '../support/run-cli.ts';
import { keys, openTerminal } from '../support/terminal.ts';

const engine: Partial<Engine> = {
  containers: {
    list: () => [
      { name: 'web', state: { status: 'created', restartCount: 0 } },
      { name: 'worker', state: { status: 'created', restartCount: 0 } },
    ],
  } as unknown as Engine['containers'],
  images: { list: () => [{ references: ['localhost/busybox:latest'] }] } as unknown as Engine['images'],
  volumes: { list: () => [{ name: 'files' }] } as unknown as Engine['volumes'],
  networks: { list: () => [{ name: 'back' }] } as unknown as Engine['networks'],
};

async function complete(...words: string[]): Promise<string[]> {
  const { stdout, code } = await runPlimsoll(['__complete', '--', ...words], { engine });
  assert.equal(code, 0);
  return stdout.split('\n').flatMap(line => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

test('verbs complete by what they begin with', async () => {
  assert.deepEqual(await complete('sto'), ['stop']);
  assert.ok((await complete('')).includes('build'));
});

test('subcommands, options and their choices come from the commands themselves', async () => {
  assert.deepEqual(await complete('demo', ''), ['up', 'down']);
  assert.deepEqual(await complete('ps', '--no'), ['--no-trunc']);
  assert.deepEqual(await complete('build', '--progress', 'p'), ['plain']);
  assert.deepEqual(await complete('completion', 'z'), ['zsh']);
});

test('names come from the root, by what the argument is', async () => {
  assert.deepEqual(await complete('logs', 'w'), ['web', 'worker']);
  assert.deepEqual(await complete('stop', '-t', '5', 'web', 'wo'), ['worker']);
  assert.deepEqual(await complete('run', '--rm', 'loc'), ['localhost/busybox:latest']);
  assert.deepEqual(await complete('volume', 'rm', ''), ['files']);
});

test('values of options are names too, and what stands before the verb does not hide it', async () => {
  assert.deepEqual(await complete('run', '--network', 'b'), ['back']);
  assert.deepEqual(await complete('run', '--volumes-from', 'we'), ['web']);
  assert.deepEqual(await complete('inspect', ''), [
    'web',
    'worker',
    'localhost/busybox:latest',
    'files',
    'back',
  ]);
  assert.deepEqual(await complete('cp', 'we'), ['web:']);
  assert.deepEqual(await complete('-D', '--root', '/x', 'logs', 'web', ''), []);
  assert.deepEqual(await complete('-D', '--root=/x', 'logs', 'web'), ['web']);
});

test('a value may follow its option at once; what follows an image has options of its own', async () => {
  assert.deepEqual(await complete('run', '--network=b'), ['--network=back']);
  assert.deepEqual(await complete('build', '--progress=pl'), ['--progress=plain']);
  assert.deepEqual(await complete('run', '--env-file=x'), []);
  assert.deepEqual(await complete('run', '--rm', '--net=b', 'busybox', 'ls', '--ne'), []);
  assert.deepEqual(await complete('exec', 'web', '--us'), []);
  assert.deepEqual(await complete('exec', '--us'), ['--user']);
});

test('what cannot be told is left to the shell', async () => {
  assert.deepEqual(await complete('build', '-f', 'Dock'), []);
  assert.deepEqual(await complete('nope', ''), []);
});

for (const shell of ['bash', 'zsh', 'fish']) {
  const there = spawnSync(shell, ['-c', 'true']).status === 0;
  test(`the ${shell} script is valid`, { skip: there ? false : `${shell} is not installed` }, async () => {
    const { stdout } = await runPlimsoll(['completion', shell]);
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-completion-'));
    try {
      const script = join(folder, `plimsoll.${shell}`); // fish reads no socket, which is what a child gets as stdin
      writeFileSync(script, stdout);
      const { status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('each shell offers what plimsoll answers', async () => {
  const asked = {
    zsh: (script: string) =>
      `autoload -U compinit && compinit -D; ${script}; _describe() { print -l $described; }
words=(plimsoll logs w); CURRENT=3; _plimsoll`,
    fish: (script: string) => `${script}\ncomplete -C 'plimsoll logs w'`,
  };
  for (const shell of ['zsh', 'fish'] as const) {
    if (spawnSync(shell, ['-c', 'true']).status !== 0) continue;
    const { stdout: script } = await runPlimsoll(['completion', shell]);
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-completion-'));
    try {
      writeFileSync(join(folder, 'plimsoll'), "#!/bin/sh\nprintf 'web\\tUp\\nworker\\tCreated\\n'\n", {
        mode: 0o755,
      });
      writeFileSync(join(folder, 'script'), asked[shell](script));
      const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'dumb' };
      const { stdout, stderr } = spawnSync(shell, [join(folder, 'script')], { encoding: 'utf8', env });
      assert.match(stdout, /^web[\t:]Up\nworker[\t:]Created$/m, stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

test('the bash script offers what plimsoll answers', async () => {
  const { stdout: script } = await runPlimsoll(['completion', 'bash']);
  const asked = `plimsoll() { printf 'web\\tUp 5 minutes\\nworker\\tCreated\\n'; }
${script}
COMP_LINE='plimsoll logs w' COMP_POINT=15; _plimsoll; printf '%s\\n' "\${COMPREPLY[@]}"`;
  assert.equal(spawnSync('bash', ['-c', asked], { encoding: 'utf8' }).stdout, 'web\nworker\n');
});

/** A line as typed, what plimsoll offers for it, and what the line is after a tab. */
const typed: readonly (readonly [line: string, offered: string, completed: string])[] = [
  ['plimsoll logs we', 'web\\tUp', 'plimsoll logs web'],
  ['plimsoll run --network=b', '--network=back\\t', 'plimsoll run --network=back'],
  ['plimsoll run localhost/x:la', 'localhost/x:latest\\t', 'plimsoll run localhost/x:latest'],
  ['plimsoll build -f Docker', '', 'plimsoll build -f Dockerfile'],
  ['plimsoll run --env-file=Docker', '', 'plimsoll run --env-file=Dockerfile'],
  ['plimsoll run -v sub', '', 'plimsoll run -v sub/'],
];

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  const there = spawnSync(shell, ['-c', 'true']).status === 0;
  test(`a tab in ${shell} completes the word that is typed`, {
    skip: there ? false : `${shell} is not installed`,
  }, async t => {
    const { stdout: script } = await runPlimsoll(['completion', shell]);
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tab-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'Dockerfile'), '');
    writeFileSync(join(folder, 'plimsoll'), '#!/bin/sh\n[ ! -e "$OFFERED" ] || cat "$OFFERED"\n', {
      mode: 0o755,
    });
    writeFileSync(join(folder, shell === 'zsh' ? '_plimsoll' : 'script'), script);
    const ready = "echo rea''dy";
    const begin = {
      bash: { argv: ['bash', '--norc', '--noprofile'], first: ". ./script; PS1='> '" },
      zsh: {
        argv: ['zsh', '-f'],
        first: "fpath=($HOME $fpath); autoload -U compinit; compinit -u -D; PS1='> '",
      },
      fish: {
        argv: ['fish', '--private'],
        first: "set -g fish_autosuggestion_enabled 0; source script; function fish_prompt; echo -n '> '; end",
      },
    }[shell];
    await using terminal = openTerminal(begin.argv, {
      cwd: folder,
      columns: 120,
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        HOME: folder,
        OFFERED: join(folder, 'offered'),
        TERM: 'xterm-256color',
        LC_ALL: 'C.UTF-8',
      },
    });
    terminal.type(`${begin.first}; ${ready}\r`);
    await terminal.see(/^ready/m);
    for (const [line, offered, completed] of typed) {
      writeFileSync(join(folder, 'offered'), offered === '' ? '' : `${offered.replaceAll('\\t', '\t')}\n`);
      terminal.type(line);
      await terminal.see(new RegExp(`> ${escaped(line)} *$`, 'm'));
      terminal.type(keys.tab);
      await terminal.see(new RegExp(`> ${escaped(completed)} *$`, 'm'));
      terminal.type(keys.ctrlU);
      await terminal.see(/^> *$/m);
    }
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
