/** The largest id but one, which stands for none. */
const ids = 2 ** 32 - 1;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A mapping for crun's option `idmap`, by which files of `one` are seen as those of `other`, and those of `other` as
 * those of `one`; all others stay what they are. So what either makes there has an owner on the disk.
 */
export function ownersSwapped(one: Owner, other: Owner): string {
  return `uids=${swapped(one.uid, other.uid)};gids=${swapped(one.gid, other.gid)}`;
}

function swapped(one: number, other: number): string {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const same = (from: number, to: number) => (to > from ? [`${from}-${from}-${to - from}`] : []);
  if (low === high) return same(0, ids).join('#');
  const ranges = [
    ...same(0, low),
    `${low}-${high}-1`,
    ...same(low + 1, high),
    `${high}-${low}-1`,
    ...same(high + 1, ids),
  ];
  return ranges.join('#');
}
