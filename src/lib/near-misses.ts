/** Those of the known words that a person may have meant, nearest first: at most two edits away, or one within the other. */
export function nearMisses(word: string, known: readonly string[], limit = 3): string[] {
  const ranked = known.flatMap(candidate => {
    const edits = editDistance(word, candidate);
    if (edits <= 2 && edits < word.length) return [{ candidate, rank: edits }];
    const inside = word.length > 2 && (candidate.includes(word) || word.includes(candidate));
    return inside ? [{ candidate, rank: 3 }] : [];
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** "did you mean COPY or CMD?" for a word that is none of the known ones; undefined where none of them is near. */
export function didYouMean(
  word: string,
  known: readonly string[],
  show: (candidate: string) => string = candidate => `"${candidate}"`,
): string | undefined {
  const near = nearMisses(word, known, 2);
  return near.length === 0 ? undefined : `did you mean ${near.map(show).join(' or ')}?`;
}

/** Levenshtein's distance: how many single characters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
