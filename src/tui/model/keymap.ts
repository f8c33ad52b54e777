/** Where a key means what it means; the narrowest context that is active wins. */
export type KeyContext =
  | 'logs'
  | 'containers'
  | 'images'
  | 'builds'
  | 'events'
  | 'capacity'
  | 'detail'
  | 'list'
  | 'everywhere';

/** What a key can do outside of forms and popups. */
export type Action =
  | 'build'
  | 'run'
  | 'stop-start'
  | 'restart'
  | 'kill'
  | 'pause'
  | 'remove'
  | 'remove-force'
  | 'show-logs'
  | 'shell'
  | 'inspect'
  | 'toggle-all'
  | 'mark'
  | 'cancel-build'
  | 'failed-shell'
  | 'apply-advice'
  | 'undo-limits'
  | 'copy-advice'
  | 'show-why'
  | 'chart-window'
  | 'open'
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'top'
  | 'bottom'
  | 'left'
  | 'right'
  | 'previous-tab'
  | 'next-tab'
  | 'filter'
  | 'search-next'
  | 'search-previous'
  | 'follow'
  | 'timestamps'
  | 'since'
  | 'wrap'
  | 'sort'
  | 'reverse'
  | 'yank'
  | 'save'
  | 'zoom'
  | 'other-pane'
  | 'palette'
  | 'alerts'
  | 'toggle-bell'
  | 'help'
  | 'back'
  | 'quit'
  | 'quit-now'
  | 'suspend'
  | 'redraw'
  | 'cancel-operation'
  | `noun-${1 | 2 | 3 | 4 | 5}`
  | `tab-${1 | 2 | 3 | 4 | 5}`;

/** One line of the keymap; the help is made of these. */
export interface KeyBinding {
  readonly keys: readonly string[];
  readonly action: Action;
  readonly context: KeyContext;
  /** For the help: what it does, in a few words. */
  readonly doc: string;
  /** One or two words for the bottom line, where the key is shown there. */
  readonly short?: string;
}

/** Every key of the dashboard. Keys with a name are spelled out (`enter`, `ctrl+d`); the others are themselves. */
export const keymap: readonly KeyBinding[] = [
  {
    context: 'containers',
    keys: ['s'],
    action: 'stop-start',
    doc: 'stop it, or start it',
    short: 'stop/start',
  },
  { context: 'containers', keys: ['r'], action: 'restart', doc: 'restart', short: 'restart' },
  { context: 'containers', keys: ['l'], action: 'show-logs', doc: 'logs', short: 'logs' },
  { context: 'containers', keys: ['e', 'x'], action: 'shell', doc: 'open a shell in it', short: 'shell' },
  { context: 'containers', keys: ['i'], action: 'inspect', doc: 'inspect', short: 'inspect' },
  { context: 'containers', keys: ['p'], action: 'pause', doc: 'pause, or resume' },
  { context: 'containers', keys: ['K'], action: 'kill', doc: 'send a signal (asks which)' },
  {
    context: 'containers',
    keys: ['d', 'delete'],
    action: 'remove',
    doc: 'remove (asks first)',
    short: 'remove',
  },
  { context: 'containers', keys: ['D'], action: 'remove-force', doc: 'remove, even if it runs' },
  { context: 'containers', keys: ['a'], action: 'toggle-all', doc: 'show all, or only running ones' },
  { context: 'images', keys: ['enter', 'R'], action: 'run', doc: 'run it', short: 'run' },
  { context: 'images', keys: ['i'], action: 'inspect', doc: 'its configuration', short: 'config' },
  { context: 'images', keys: ['d', 'delete'], action: 'remove', doc: 'remove (asks first)', short: 'remove' },
  {
    context: 'images',
    keys: ['D'],
    action: 'remove-force',
    doc: 'remove, even if it is in use',
  },
  { context: 'builds', keys: ['l'], action: 'show-logs', doc: 'output of the build', short: 'output' },
  {
    context: 'builds',
    keys: ['e'],
    action: 'failed-shell',
    doc: 'a shell before the step that failed',
    short: 'shell',
  },
  {
    context: 'builds',
    keys: ['x'],
    action: 'cancel-build',
    doc: 'cancel the running build',
    short: 'cancel',
  },
  {
    context: 'capacity',
    keys: ['a'],
    action: 'apply-advice',
    doc: 'limits as advised (asks first)',
    short: 'apply',
  },
  {
    context: 'capacity',
    keys: ['u'],
    action: 'undo-limits',
    doc: 'limits as they were (asks first)',
    short: 'undo',
  },
  {
    context: 'capacity',
    keys: ['y'],
    action: 'copy-advice',
    doc: 'copy for docker, Compose, Kubernetes',
    short: 'copy',
  },
  { context: 'capacity', keys: ['w'], action: 'show-why', doc: 'why this is advised', short: 'why' },
  {
    context: 'capacity',
    keys: ['t'],
    action: 'chart-window',
    doc: 'charts of minutes to a month',
    short: 'time',
  },
  {
    context: 'everywhere',
    keys: ['b'],
    action: 'build',
    doc: 'build a Dockerfile',
    short: 'build',
  },
  { context: 'everywhere', keys: ['R'], action: 'run', doc: 'run an image', short: 'run' },
  { context: 'everywhere', keys: ['X'], action: 'cancel-operation', doc: 'cancel what is in progress' },

  { context: 'list', keys: ['up', 'k'], action: 'up', doc: 'up' },
  { context: 'list', keys: ['down', 'j'], action: 'down', doc: 'down' },
  { context: 'list', keys: ['left', '<'], action: 'left', doc: 'sort by the column before' },
  { context: 'list', keys: ['right', '>'], action: 'right', doc: 'sort by the next column' },
  { context: 'list', keys: ['o'], action: 'sort', doc: 'choose how to sort', short: 'sort' },
  { context: 'list', keys: ['O'], action: 'reverse', doc: 'turn the order round' },
  { context: 'list', keys: [' '], action: 'mark', doc: 'mark, for an action on several' },
  { context: 'list', keys: ['enter'], action: 'open', doc: 'into the details' },
  { context: 'detail', keys: ['up', 'k'], action: 'up', doc: 'scroll up' },
  { context: 'detail', keys: ['down', 'j'], action: 'down', doc: 'scroll down' },
  { context: 'detail', keys: ['left'], action: 'previous-tab', doc: 'the tab before' },
  { context: 'detail', keys: ['right'], action: 'next-tab', doc: 'the next tab' },
  { context: 'logs', keys: ['/'], action: 'filter', doc: 'search in the logs', short: 'search' },
  { context: 'logs', keys: ['n'], action: 'search-next', doc: 'the next match (older)', short: 'next' },
  { context: 'logs', keys: ['N'], action: 'search-previous', doc: 'the match before (newer)' },
  { context: 'logs', keys: ['f'], action: 'follow', doc: 'follow the end', short: 'follow' },
  { context: 'logs', keys: ['t'], action: 'timestamps', doc: 'timestamps', short: 'time' },
  { context: 'logs', keys: ['w'], action: 'wrap', doc: 'wrap long lines', short: 'wrap' },
  {
    context: 'logs',
    keys: ['S'],
    action: 'since',
    doc: 'of the last minutes or hours alone',
    short: 'since',
  },
  { context: 'logs', keys: ['ctrl+s'], action: 'save', doc: 'save these logs to a file', short: 'save' },
  { context: 'logs', keys: ['left'], action: 'left', doc: 'sideways, left' },
  { context: 'logs', keys: ['right'], action: 'right', doc: 'sideways, right' },
  { context: 'everywhere', keys: ['pageup', 'ctrl+u', 'ctrl+b'], action: 'page-up', doc: 'a page up' },
  { context: 'everywhere', keys: ['pagedown', 'ctrl+d', 'ctrl+f'], action: 'page-down', doc: 'a page down' },
  { context: 'everywhere', keys: ['g', 'home'], action: 'top', doc: 'to the top' },
  { context: 'everywhere', keys: ['G', 'end'], action: 'bottom', doc: 'to the end' },
  { context: 'everywhere', keys: ['['], action: 'previous-tab', doc: 'the tab before' },
  { context: 'everywhere', keys: [']'], action: 'next-tab', doc: 'the next tab' },
  { context: 'everywhere', keys: ['1'], action: 'noun-1', doc: 'containers' },
  { context: 'everywhere', keys: ['2'], action: 'noun-2', doc: 'images' },
  { context: 'everywhere', keys: ['3'], action: 'noun-3', doc: 'builds' },
  { context: 'everywhere', keys: ['4'], action: 'noun-4', doc: 'events' },
  { context: 'everywhere', keys: ['c'], action: 'noun-5', doc: 'capacity: history and advice' },
  {
    context: 'everywhere',
    keys: ['5'],
    action: 'tab-1',
    doc: 'first tab: logs, layers, steps',
  },
  {
    context: 'everywhere',
    keys: ['6'],
    action: 'tab-2',
    doc: 'second tab: stats, config, output',
  },
  { context: 'everywhere', keys: ['7'], action: 'tab-3', doc: 'third tab: inspect' },
  { context: 'everywhere', keys: ['8'], action: 'tab-4', doc: 'fourth tab: top' },
  { context: 'everywhere', keys: ['9'], action: 'tab-5', doc: 'fifth tab: env' },
  {
    context: 'everywhere',
    keys: ['tab', 'shift+tab'],
    action: 'other-pane',
    doc: 'the other pane',
    short: 'pane',
  },
  {
    context: 'everywhere',
    keys: ['z'],
    action: 'zoom',
    doc: 'this pane alone, and back',
    short: 'zoom',
  },
  {
    context: 'everywhere',
    keys: ['/'],
    action: 'filter',
    doc: 'filter the list as you type',
    short: 'filter',
  },
  { context: 'everywhere', keys: ['!'], action: 'alerts', doc: 'alerts: what is wrong, and was' },
  { context: 'everywhere', keys: ['y'], action: 'yank', doc: 'copy the id to your clipboard' },
  { context: 'everywhere', keys: [':'], action: 'palette', doc: 'every action, by name', short: 'actions' },
  { context: 'everywhere', keys: ['?', 'f1'], action: 'help', doc: 'this help', short: 'help' },
  { context: 'everywhere', keys: ['ctrl+l'], action: 'redraw', doc: 'draw the screen anew' },
  { context: 'everywhere', keys: ['escape'], action: 'back', doc: 'back (never quits)' },
  {
    context: 'everywhere',
    keys: ['q'],
    action: 'quit',
    doc: 'back, then quit; containers run on',
    short: 'quit',
  },
  {
    context: 'everywhere',
    keys: ['ctrl+s'],
    action: 'save',
    doc: 'save to a file: the list as CSV, or output',
    short: 'save',
  },
  { context: 'everywhere', keys: ['ctrl+z'], action: 'suspend', doc: 'to the shell (fg comes back)' },
  { context: 'everywhere', keys: ['ctrl+c'], action: 'quit-now', doc: 'quit at once; containers run on' },
];

/** What the key does when these contexts are active, the narrowest first. */
export function actionFor(key: string, contexts: readonly KeyContext[]): Action | undefined {
  for (const context of contexts) {
    const binding = keymap.find(one => one.context === context && one.keys.includes(key));
    if (binding !== undefined) return binding.action;
  }
  return undefined;
}

/** The key as it is printed: `␣` would not be read, so `space`. */
export function keyLabel(key: string): string {
  const names: Readonly<Record<string, string>> = {
    ' ': 'space',
    escape: 'esc',
    delete: 'del',
    pageup: 'pgup',
    pagedown: 'pgdn',
  };
  return names[key] ?? key;
}
