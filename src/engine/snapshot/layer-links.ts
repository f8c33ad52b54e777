import { show, unsafe } from './layer-names.ts';

/** A folder of the archive in which a link is, or below which one is. */
interface Place {
  below?: Map<string, Place>;
  /** What the link here says. */
  target?: string;
}

/** The kernel follows no more links than that for one name (path_resolution(7)). */
const hopLimit = 40;

/** Names and their links together have fewer parts than that in any honest archive. */
const stepLimit = 4096;

/**
 * The symbolic links of an archive, by clean resolved path. A name is resolved in as many steps as it and the links in
 * it have parts, which are bounded: whoever sends an archive chooses both.
 */
export class LayerLinks {
  readonly #root: Place = {};

  set(path: string, target: string): void {
    let place = this.#root;
    for (const part of path.split('/')) {
      place.below ??= new Map();
      const next: Place = place.below.get(part) ?? {};
      place.below.set(part, next);
      place = next;
    }
    place.target = target;
  }

  delete(path: string): void {
    let place: Place | undefined = this.#root;
    for (const part of path.split('/')) {
      place = place.below?.get(part);
      if (place === undefined) return;
    }
    delete place.target;
  }

  /**
   * Where a path really is when the links are followed in its folders, as in a chroot: `..` at the root stays there. So
   * no file is ever written through a link.
   */
  resolve(path: string): string {
    const slash = path.lastIndexOf('/');
    if (slash < 0 || this.#root.below === undefined) return path;
    const folder = this.#resolveFolder(path.slice(0, slash));
    return [...folder, path.slice(slash + 1)].join('/');
  }

  #resolveFolder(path: string): string[] {
    const todo = path.split('/').reverse();
    let done: string[] = [];
    let places: (Place | undefined)[] = [this.#root];
    let hops = 0;
    let steps = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (++steps > stepLimit) throw unsafe(`the name "${show(path)}" leads through too many folders`);
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (done.pop() !== undefined) places.pop();
        continue;
      }
      const place: Place | undefined = places.at(-1)?.below?.get(part);
      if (place?.target === undefined) {
        done.push(part);
        places.push(place);
        continue;
      }
      if (++hops > hopLimit) throw unsafe(`the name "${show(path)}" is a loop of links`);
      if (place.target.startsWith('/')) [done, places] = [[], [this.#root]];
      todo.push(...place.target.split('/').reverse());
    }
    return done;
  }
}
