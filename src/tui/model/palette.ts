import type { EngineFeature } from '../../engine/index.ts';
import { type Action, keyLabel, keymap } from './keymap.ts';
import type { Command } from './messages.ts';

/** One thing that the palette offers. */
export type PaletteEntry = {
  readonly title: string;
  readonly keys: string;
  /** Without it an engine elsewhere cannot do this. */
  readonly needs?: EngineFeature;
} & ({ readonly action: Action } | { readonly command: Command });

/** What has no key: done from the palette only. */
const more: readonly PaletteEntry[] = [
  entry('bootstrap the busybox image', { type: 'bootstrap', source: 'busybox' }, 'bootstrap'),
  entry('bootstrap a Debian base image', { type: 'bootstrap', source: 'debian:bookworm' }, 'bootstrap'),
  entry('start the demo: five small services', { type: 'demo', direction: 'up' }, 'bootstrap'),
  entry('remove the demo', { type: 'demo', direction: 'down' }),
  { title: 'the bell for alerts, on or off', keys: '', action: 'toggle-bell' },
  entry('prune stopped containers', { type: 'prune', what: 'containers' }),
  entry('prune images without a name', { type: 'prune', what: 'images' }),
  entry('prune the build cache', { type: 'prune', what: 'build-cache' }),
];

/** Moving about needs no palette. */
const aimless: readonly Action[] = [
  'up',
  'down',
  'left',
  'right',
  'page-up',
  'page-down',
  'palette',
  'quit-now',
];

/** Every action, once, with its keys; said as it is said where it is meant most widely. */
const entries: readonly PaletteEntry[] = [
  ...[...Map.groupBy(keymap, binding => binding.action)]
    .filter(([action]) => !aimless.includes(action))
    .flatMap(([action, bindings]) => {
      const binding = bindings.find(one => one.context === 'everywhere') ?? bindings[0];
      return binding === undefined
        ? []
        : [{ title: binding.doc, keys: binding.keys.map(keyLabel).join(' '), action }];
    }),
  ...more,
];

/** The entries in which all letters of the text appear in order, the closest first. */
export function matchingEntries(text: string): readonly PaletteEntry[] {
  const wanted = text.toLowerCase().replace(/\s+/g, '');
  if (wanted === '') return entries;
  return entries
    .map(one => ({ one, score: closeness(one.title.toLowerCase(), wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}

/** Letters that follow one another, and those that begin a word, count more; 0: not all are there. */
function closeness(title: string, wanted: string): number {
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = title.indexOf(letter, at + 1);
    if (next < 0) return 0;
    score += next === at + 1 ? 5 : 1;
    if (next === 0 || title.charAt(next - 1) === ' ') score += 4;
    at = next;
  }
  return score + wanted.length / title.length;
}

function entry(title: string, command: Command, needs?: EngineFeature): PaletteEntry {
  return { title, keys: '', command, ...(needs === undefined ? {} : { needs }) };
}
