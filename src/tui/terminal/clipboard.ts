/** Longest text put on the clipboard; terminals drop longer OSC 52 sequences. */
const limit = 74_000;

/**
 * The sequence that puts text on the clipboard of the terminal at the user's end, also over SSH (OSC 52). Within tmux
 * it is wrapped, so that the outer terminal gets it.
 */
export function copySequence(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const sequence = `\u001b]52;c;${Buffer.from(text.slice(0, limit)).toString('base64')}\u0007`;
  if ((env.TMUX ?? '') === '') return sequence;
  return `\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\`;
}
