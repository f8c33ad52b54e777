/**
 * The most that a layer may unpack to. Honest layers shrink to a third or a tenth, some with empty files to a thousandth;
 * a few bytes that become terabytes are a bomb.
 */
export function byteLimitOf(packedBytes: number): number {
  return 4 * 2 ** 30 + packedBytes * 200;
}
