/** A line of text and where the cursor is in it. */
export interface TextInput {
  readonly text: string;
  readonly cursor: number;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The line after one key, with the keys of a shell (ctrl+a, ctrl+e, ctrl+u, ctrl+k, ctrl+w). */
export function editText({ text, cursor }: TextInput, key: string): TextInput {
  const before = text.slice(0, cursor);
  const after = text.slice(cursor);
  switch (key) {
    case 'left':
    case 'ctrl+b':
      return { text, cursor: before.length - lastGrapheme(before) };
    case 'right':
    case 'ctrl+f':
      return { text, cursor: cursor + firstGrapheme(after) };
    case 'home':
    case 'ctrl+a':
      return { text, cursor: 0 };
    case 'end':
    case 'ctrl+e':
      return { text, cursor: text.length };
    case 'backspace':
      return edited(before.slice(0, before.length - lastGrapheme(before)), after);
    case 'delete':
    case 'ctrl+d':
      return edited(before, after.slice(firstGrapheme(after)));
    case 'ctrl+u':
      return edited('', after);
    case 'ctrl+k':
      return edited(before, '');
    case 'ctrl+w':
      return edited(before.replace(/\S*\s*$/, ''), after);
    default:
      return isTyped(key) ? edited(before + key, after) : { text, cursor };
  }
}

/** True for a key that stands for itself, not one with a name. */
export function isTyped(key: string): boolean {
  return [...key].length === 1 && key >= ' ' && key !== '\u007f';
}

function edited(before: string, after: string): TextInput {
  return { text: before + after, cursor: before.length };
}

function firstGrapheme(text: string): number {
  return graphemes.segment(text)[Symbol.iterator]().next().value?.segment.length ?? 0;
}

function lastGrapheme(text: string): number {
  return [...graphemes.segment(text)].at(-1)?.segment.length ?? 0;
}
