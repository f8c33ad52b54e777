/**
 * Preloaded into a run of the bundle (`node --require bin/compile.cjs main.cjs ps`): when that ends, keeps the bytecode
 * of each part beside it. That of functions which ran is in it; others are compiled when they are called.
 */
'use strict';
const { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const vm = require('node:vm');

const { Script } = vm;
const scripts = new Map();

/** Remembers what the loader loads. */
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
};

// The dashboard has no end of its own. It ends here when its first frames are out, between two that a second brings.
if (process.stdout.isTTY) {
  const frameEnd = '\u001b[?2026l';
  const { write } = process.stdout;
  let pause;
  process.stdout.write = (data, ...rest) => {
    if (pause !== undefined || String(data).includes(frameEnd)) {
      clearTimeout(pause);
      pause = setTimeout(() => process.exit(0), 600);
    }
    return write.call(process.stdout, data, ...rest);
  };
}

process.on('exit', () => {
  const folder = dirname(process.argv[1]);
  for (const name of readdirSync(folder).filter(file => file.endsWith('.js'))) {
    const filename = join(folder, name);
    const kept = `${filename}.bytecode`;
    if (!scripts.has(filename) && existsSync(kept)) continue; // of an earlier run, which had loaded it
    const script = scripts.get(filename) ?? new Script(readFileSync(filename, 'utf8'), { filename });
    writeFileSync(`${kept}.${process.pid}`, script.createCachedData());
    renameSync(`${kept}.${process.pid}`, kept);
  }
});
