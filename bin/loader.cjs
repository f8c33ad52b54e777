/**
 * The entry of the bundle, and of its threads: loads its parts, each from one file of source and one of the bytecode that the build made of
 * it. What a part imports is loaded at its first use, Node's own modules too: a short command pays for what it calls.
 */
'use strict';
const { readFileSync } = require('node:fs');
const { basename } = require('node:path');
const { Script } = require('node:vm');

const parts = new Map();
const delayed = new Map();

/** The `require` of the parts. `part:NAME#DOOR` is a door of a part; `lazy:MODULE` is MODULE once it is used. */
function load(name) {
  if (name.startsWith('lazy:')) return loadAtFirstUse(name.slice('lazy:'.length));
  if (!name.startsWith('part:')) return require(name);
  const [part, door] = name.slice('part:'.length).split('#');
  return loadPart(part)[door];
}

function loadPart(name) {
  const known = parts.get(name);
  if (known !== undefined) return known.exports;
  const part = { exports: {} };
  parts.set(name, part);
  const filename = `${__dirname}/${name}.js`;
  const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: bytecodeOf(filename) });
  script.runInThisContext()(part.exports, load, part, filename, __dirname);
  return part.exports;
}

/** Without it, or with another Node's, all works from the source. */
function bytecodeOf(filename) {
  try {
    return readFileSync(`${filename}.bytecode`);
  } catch {
    return undefined;
  }
}

/** Stands for the exports of a module. Only its properties are looked at by what the bundler writes. */
function loadAtFirstUse(name) {
  let stand = delayed.get(name);
  if (stand === undefined) {
    let loaded;
    const get = (_, key) => {
      if (loaded === undefined) loaded = load(name); // once: Node's require costs more than most calls of what it gives
      return loaded[key];
    };
    stand = new Proxy({}, { get });
    delayed.set(name, stand);
  }
  return stand;
}

const entry = basename(__filename, '.cjs');
loadPart(entry === 'main' ? 'app' : entry);
