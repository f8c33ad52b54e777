import { tarPadding } from './entry.ts';
import { readTar } from './read-tar.ts';
import { tarEnd, writeTarHeader } from './write-header.ts';

/**
 * A tar of one file or folder under another name: the first part of every name (and of hard links to them) becomes
 * `name`. Throws `BAD_ARCHIVE`.
 */
export async function* renameRoot(tar: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let padding = 0;
  for await (const part of readTar(tar)) {
    if ('content' in part) {
      yield part.content;
      continue;
    }
    if (padding > 0) yield new Uint8Array(padding);
    const { entry } = part;
    padding = tarPadding(entry.size);
    const linkName = entry.type === 'link' ? renamed(entry.linkName, name) : entry.linkName;
    yield writeTarHeader({ ...entry, name: renamed(entry.name, name), linkName });
  }
  if (padding > 0) yield new Uint8Array(padding);
  yield tarEnd;
}

function renamed(path: string, name: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? name : name + path.slice(slash);
}
