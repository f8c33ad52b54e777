import type { Key } from 'ink';

const named: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
];

/**
 * The names of the keys in one event of Ink. Keys that arrive in one read come as one event (`jj`), so each character
 * counts for itself.
 */
export function keyNames(input: string, key: Key): string[] {
  if (key.tab) return [key.shift ? 'shift+tab' : 'tab'];
  const found = named.find(([flag]) => key[flag] === true);
  if (found !== undefined) return [found[1]];
  if (input === '') return [];
  if (key.ctrl) return [`ctrl+${input}`];
  if (/^(?:\[\[A|OP|\[11~)$/.test(input)) return ['f1'];
  return [...input].flatMap(characterName);
}

function characterName(character: string): string[] {
  if (character === '\r' || character === '\n') return ['enter'];
  if (character === '\t') return ['tab'];
  if (character === '\u007f' || character === '\b') return ['backspace'];
  if (character >= ' ') return [character];
  const letter = String.fromCharCode(character.charCodeAt(0) + 0x60); // 0x01 is ctrl+a
  return letter >= 'a' && letter <= 'z' ? [`ctrl+${letter}`] : [];
}
