/** How many colours the terminal can show. */
export type ColourDepth = 'none' | '16' | '256' | 'truecolor';

/** What the terminal can show. */
export interface Capabilities {
  readonly colours: ColourDepth;
  /** Box, block and braille characters; else ASCII only. */
  readonly unicode: boolean;
}

/** What the decision depends on. */
export interface TerminalRequest {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly noColour?: boolean;
}

/** Why a full-screen dashboard cannot run here, in one sentence; undefined when it can. */
export function terminalProblem(request: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdinIsTty: boolean;
  readonly stdoutIsTty: boolean;
}): string | undefined {
  if (!request.stdoutIsTty) return 'the dashboard needs a terminal, and standard output is not one';
  if (!request.stdinIsTty) return 'the dashboard needs a keyboard, and standard input is not a terminal';
  if (request.env.TERM === 'dumb') return 'the dashboard cannot draw on a terminal of type "dumb"';
  return undefined;
}

/**
 * Decides once what may be shown: NO_COLOR (no-color.org) wins; COLORTERM and the terminal's name decide the depth; the
 * locale's character set (LC_ALL over LC_CTYPE over LANG) decides Unicode.
 */
export function detectCapabilities({ env, noColour }: TerminalRequest): Capabilities {
  return { colours: colourDepth(env, noColour ?? false), unicode: isUtf8(env) };
}

function colourDepth(env: TerminalRequest['env'], noColour: boolean): ColourDepth {
  const term = env.TERM ?? '';
  if (noColour || (env.NO_COLOR ?? '') !== '' || term === 'dumb') return 'none';
  if (
    /^(truecolor|24bit)$/.test(env.COLORTERM ?? '') ||
    /-direct$|kitty|ghostty|alacritty|wezterm/.test(term)
  )
    return 'truecolor';
  if (/-256(color)?$/.test(term)) return '256';
  return '16';
}

/** The console of Linux has UTF-8, but a font without rounded corners and braille. */
function isUtf8(env: TerminalRequest['env']): boolean {
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale);
}
