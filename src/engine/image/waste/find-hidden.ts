import type { LayerEntry } from '../../snapshot/index.ts';

/** A file of a layer that no container ever sees. Layers are counted from the base, 0. */
export interface HiddenFile {
  /** Bytes as latin1, without a slash before it. */
  readonly path: string;
  readonly bytes: number;
  readonly layer: number;
  readonly hiddenBy: number;
  readonly how: 'deleted' | 'overwritten';
}

/** Finds what later layers delete or overwrite of earlier ones. Give it each layer's entries, base first, then ask. */
export interface HiddenFinder {
  add(entry: LayerEntry): void;
  endLayer(): void;
  /** A file with several names in its layer is hidden with the last of them. */
  hidden(): readonly HiddenFile[];
}

export function hiddenFinder(): HiddenFinder {
  const root: Node = {};
  const hidden: HiddenFile[] = [];
  let layer = 0;
  let inodes = new Map<number, Content>();
  const hide = (node: Node, path: string, how: HiddenFile['how']): void => {
    const { content } = node;
    if (content !== undefined && content.layer < layer && --content.names === 0 && content.bytes > 0) {
      hidden.push({ path, bytes: content.bytes, layer: content.layer, hiddenBy: layer, how });
    }
    if (content !== undefined && content.layer < layer) delete node.content;
    for (const [name, child] of node.children ?? []) {
      hide(child, `${path}/${name}`, how);
      if (child.content === undefined && child.children === undefined) node.children?.delete(name);
    }
    if (node.children?.size === 0) delete node.children;
  };
  const contentOf = ({ bytes, inode }: LayerEntry): Content => {
    const known = inode === undefined ? undefined : inodes.get(inode);
    if (known !== undefined) {
      known.names++;
      return known;
    }
    const content = { layer, bytes, names: 1 };
    if (inode !== undefined) inodes.set(inode, content);
    return content;
  };
  return {
    add: entry => {
      const { path, kind, isOpaque } = entry;
      if (kind === 'whiteout') {
        const node = find(root, path);
        if (node !== undefined) hide(node, path, 'deleted');
        return;
      }
      const node = make(root, path);
      if (kind === 'folder') {
        if (isOpaque) hide(node, path, 'deleted');
        else if (node.content !== undefined) hide({ content: node.content }, path, 'overwritten');
        delete node.content;
        return;
      }
      hide(node, path, 'overwritten');
      node.content = contentOf(entry);
    },
    endLayer: () => {
      layer++;
      inodes = new Map();
    },
    hidden: () => hidden,
  };
}

/** A place in the tree: a file, or a folder of such. */
interface Node {
  content?: Content;
  children?: Map<string, Node>;
}

interface Content {
  readonly layer: number;
  readonly bytes: number;
  /** How many names of it are still seen. */
  names: number;
}

function find(root: Node, path: string): Node | undefined {
  let node: Node | undefined = root;
  for (const part of path.split('/')) node = node?.children?.get(part);
  return node;
}

function make(root: Node, path: string): Node {
  let node = root;
  for (const part of path.split('/')) {
    node.children ??= new Map();
    let next = node.children.get(part);
    if (next === undefined) {
      next = {};
      node.children.set(part, next);
    }
    node = next;
  }
  return node;
}
