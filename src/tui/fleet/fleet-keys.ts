/** The keys of the fleet pane, for its help and its bottom line. */
export const fleetKeys: readonly { readonly keys: string; readonly does: string; readonly short?: string }[] =
  [
    { keys: 'enter', does: "the machine's own dashboard, over ssh", short: 'open' },
    { keys: 'm', does: 'which machines could be emptied, and by which moves', short: 'consolidate' },
    { keys: 's', does: 'sort by waste, name, grade, cores, memory, age', short: 'sort' },
    { keys: '/', does: 'filter by name, type, grade or status', short: 'filter' },
    { keys: '?', does: 'this help', short: 'help' },
    { keys: 'q', does: 'quit', short: 'quit' },
    { keys: 'up down j k', does: 'one machine up or down' },
    { keys: 'pgup pgdn g G', does: 'a page, the first, the last' },
    { keys: 'esc', does: 'back, or clear the filter' },
    { keys: 'ctrl-l ctrl-z', does: 'redraw, suspend' },
  ];
