import type { Alert } from '../../capacity/index.ts';
import { cellWidth, cutCells } from '../../lib/cell-text.ts';
import { type Line, panel, type Span, type Theme, type Tone } from '../components/index.ts';
import {
  alertsNow,
  answers,
  type Choice,
  type FormState,
  formatClock,
  formFields,
  type KeyContext,
  keyContexts,
  keyLabel,
  keymap,
  matchingEntries,
  type State,
  windowStart,
} from '../model/index.ts';

/** A box over the panes: its rows, and where its corner is. */
export interface Popup {
  readonly rows: readonly string[];
  readonly width: number;
  readonly top: number;
  readonly left: number;
}

/** What lies over the panes now, if anything does. */
export function popupOf(state: State, theme: Theme): Popup | undefined {
  const { overlay } = state;
  if (overlay === undefined) return undefined;
  switch (overlay.kind) {
    case 'help':
      return helpPopup(state, overlay.scroll, theme);
    case 'alerts':
      return alertsPopup(state, overlay.scroll, theme);
    case 'palette':
      return palettePopup(state, overlay.text, overlay.index, theme);
    case 'choice':
      return choicePopup(state, overlay.choice, overlay.index, theme);
    case 'form':
      return formPopup(state, overlay.form, theme);
  }
}

interface Content {
  readonly title: readonly Span[];
  readonly lines: readonly Line[];
  readonly foot: readonly Span[];
  readonly width: number;
}

function place(state: State, content: Content, theme: Theme): Popup {
  const { columns, rows } = state.size;
  const width = Math.min(columns, content.width);
  const height = Math.min(rows, content.lines.length + 2);
  const options = { title: content.title, foot: content.foot, width, height, focused: true };
  return {
    rows: panel(content.lines, options, theme),
    width,
    top: Math.max(0, Math.floor((rows - height) / 3)),
    left: Math.max(0, Math.floor((columns - width) / 2)),
  };
}

const contextTitles: Readonly<Record<KeyContext, string>> = {
  everywhere: 'Everywhere',
  containers: 'Containers',
  images: 'Images',
  builds: 'Builds',
  events: 'Events',
  capacity: 'Capacity',
  list: 'In a list',
  detail: 'In the details',
  logs: 'In the logs',
};

/** The help begins with what holds where it was asked for; the rest is in this order. */
const helpContexts: readonly KeyContext[] = [
  'containers',
  'images',
  'builds',
  'capacity',
  'list',
  'detail',
  'logs',
  'everywhere',
];

function helpPopup(state: State, scroll: number, theme: Theme): Popup {
  const here = keyContexts(state);
  const contexts = [...here, ...helpContexts.filter(context => !here.includes(context))];
  const blocks = contexts.filter(context => helpContexts.includes(context)).map(helpBlock);
  const { columns, rows } = state.size;
  const count = columns >= 159 ? 3 : columns >= 107 ? 2 : 1;
  const width = Math.min(columns, count * 52 + 3);
  const all = inColumns(blocks, count, Math.floor((width - 3) / count));
  const room = rows - 4;
  const start = Math.min(scroll, Math.max(0, all.length - room));
  const lines = all.slice(start, start + room);
  const foot: Span[] =
    all.length > room
      ? [
          [`${start + 1}-${start + lines.length} of ${all.length}, `, 'dim'],
          ['esc closes', 'dim'],
        ]
      : [['esc closes', 'dim']];
  return place(state, { title: [['keys', 'strong']], lines, foot, width }, theme);
}

/** What is wrong now, and what was told before it, the newest first. */
function alertsPopup(state: State, scroll: number, theme: Theme): Popup {
  const { firing, past, bell } = { ...state.alerts, firing: alertsNow(state) };
  const line = (alert: Alert, tone: Tone): Line => ({
    spans: [
      [` ${formatClock(alert.time)} `, 'dim'],
      [`${alert.state === 'firing' ? theme.glyphs.up : theme.glyphs.done} ${alert.text}`, tone],
      [`  ${alert.rule}`, 'faint'],
    ],
  });
  const before = past.filter(alert => !firing.includes(alert));
  const all: Line[] = [
    ...(firing.length === 0 ? [{ spans: [[' Nothing is wrong.', 'good']] } satisfies Line] : []),
    ...firing.map(alert => line(alert, 'bad')),
    ...(before.length === 0 ? [] : [{ spans: [] }, { spans: [[' before', 'accent']] } satisfies Line]),
    ...before.map(alert => line(alert, 'text')),
  ];
  const room = state.size.rows - 4;
  const lines = all.slice(Math.min(scroll, Math.max(0, all.length - room))).slice(0, room);
  const foot: Span[] = [[`esc closes; the bell is ${bell ? 'on' : 'off'}, : changes it`, 'dim']];
  return place(state, { title: [['alerts', 'strong']], lines, foot, width: 100 }, theme);
}

function helpBlock(context: KeyContext): Line[] {
  const bindings = keymap.filter(one => one.context === context);
  return [
    { spans: [[contextTitles[context], 'accent']] },
    ...bindings.map(
      (one): Line => ({
        spans: [[one.keys.slice(0, 2).map(keyLabel).join(' ').padStart(13), 'key'], [`  ${one.doc}`]],
      }),
    ),
    { spans: [] },
  ];
}

/** Deals the blocks out among columns, each to the one that is shortest so far, in order. */
function inColumns(blocks: readonly Line[][], count: number, width: number): Line[] {
  const total = blocks.reduce((sum, block) => sum + block.length, 0);
  const columns: Line[][] = Array.from({ length: count }, () => []);
  let at = 0;
  for (const block of blocks) {
    const column = columns[at];
    if (
      column !== undefined &&
      column.length > 0 &&
      column.length + block.length / 2 > total / count &&
      at < count - 1
    )
      at++;
    columns[at]?.push(...block);
  }
  const height = Math.max(...columns.map(column => column.length));
  return Array.from({ length: height }, (_, y) => ({
    spans: columns.flatMap((column): Span[] => padded(column[y]?.spans ?? [], width)),
  }));
}

function padded(spans: readonly Span[], width: number): Span[] {
  const out: Span[] = [[' ']];
  let left = width - 2;
  for (const [text, tone = 'text'] of spans) {
    const cut = cutCells(text, left);
    out.push([cut, tone]);
    left -= cellWidth(cut);
  }
  return [...out, [' '.repeat(Math.max(0, left) + 1)]];
}

function palettePopup(state: State, text: string, index: number, theme: Theme): Popup {
  const entries = matchingEntries(text);
  const room = Math.max(3, Math.min(16, state.size.rows - 6));
  const start = Math.max(0, Math.min(index - room + 1, entries.length - room));
  const first = Math.max(0, Math.min(start, index));
  const width = Math.min(72, state.size.columns);
  const lines: Line[] = [
    { spans: [[' : ', 'key'], [text], [' ', 'cursor']] },
    { spans: [] },
    ...entries.slice(first, first + room).map((entry, i): Line => {
      const space = ' '.repeat(Math.max(1, width - 6 - entry.title.length - entry.keys.length));
      const can = entry.needs === undefined || state.remote?.lacks[entry.needs] === undefined;
      const title = `  ${entry.title}${space}`;
      const spans: Span[] = [can ? [title] : [title, 'faint'], [entry.keys, 'dim']];
      return first + i === index ? { spans, look: 'selected' } : { spans };
    }),
  ];
  const foot: Span[] = [
    [entries.length === 0 ? 'nothing like that' : `${index + 1} of ${entries.length}`, 'dim'],
  ];
  return place(state, { title: [['actions', 'strong']], lines, foot, width }, theme);
}

function choicePopup(state: State, choice: Choice, index: number, theme: Theme): Popup {
  const question = questionOf(choice);
  const options = answers(choice).map(({ label, key }, i): Line => {
    const spans: Span[] = [[`  ${label}`], [key === undefined ? '' : `  ${key}`, 'dim']];
    return i === index ? { spans, look: 'selected' } : { spans };
  });
  const head = [...question.map((text): Line => ({ spans: [[` ${text}`]] })), { spans: [] }];
  const room = Math.max(1, state.size.rows - head.length - 2);
  const start = windowStart(index, options.length, room);
  const lines = [...head, ...options.slice(start, start + room)];
  const longest = Math.max(34, ...question.map(text => text.length + 4));
  return place(
    state,
    {
      title: [[titleOf(choice), choice.of === 'remove' ? 'bad' : 'strong']],
      lines,
      foot: [['enter, esc', 'dim']],
      width: Math.min(state.size.columns, longest),
    },
    theme,
  );
}

function titleOf(choice: Choice): string {
  return {
    signal: 'send a signal',
    sort: 'sort by',
    since: 'logs',
    remove: 'remove',
    apply: 'limits',
    undo: 'limits',
    copy: 'copy',
    quit: 'quit',
  }[choice.of];
}

function questionOf(choice: Choice): string[] {
  switch (choice.of) {
    case 'signal':
      return [`To ${namesOf(choice.targets)}:`];
    case 'since':
      return ['Show of the logs:'];
    case 'sort':
      return [`The ${choice.noun} by:`];
    case 'apply':
      return [
        'As advised:',
        ...shortened(choice.preview),
        '',
        'It runs on meanwhile. The change can be undone.',
      ];
    case 'copy':
      return [`Advised limits of ${namesOf(choice.limits)} as:`];
    case 'undo':
      return ['As they were:', ...shortened(choice.preview)];
    case 'quit':
      return ['Something is in progress. Quit all the same?', 'Containers run on in any case.'];
    case 'remove':
      return [`Remove ${namesOf(choice.targets)}?`, ...(choice.force ? ['What runs is killed first.'] : [])];
  }
}

/** So that the answers stay on the screen. */
function shortened(lines: readonly string[]): string[] {
  const most = 8;
  const more = lines.length - most;
  return more > 1 ? [...lines.slice(0, most), `and ${more} more`] : [...lines];
}

function namesOf(targets: readonly { readonly name: string }[]): string {
  const shown = targets
    .slice(0, 3)
    .map(target => `"${target.name}"`)
    .join(', ');
  return targets.length > 3 ? `${shown} and ${targets.length - 3} more` : shown;
}

function formPopup(state: State, form: FormState, theme: Theme): Popup {
  const width = Math.min(state.size.columns, 78);
  const fields = formFields[form.kind];
  const lines = fields.flatMap((field, i): Line[] => {
    const value = form.values[field.name] ?? '';
    const current = i === form.field;
    const label: Span = [
      ` ${current ? theme.glyphs.right : ' '} ${field.label.padEnd(15)} `,
      current ? 'key' : 'dim',
    ];
    const room = width - 22;
    const content =
      field.choices === undefined
        ? textSpans(value, current ? form.cursor : undefined, exampleOf(field.example, theme), room)
        : choiceSpans(field.choices, value, current);
    const error: Line[] =
      form.error?.field === field.name ? [{ spans: [[' '.repeat(19)], [form.error.text, 'bad']] }] : [];
    return [{ spans: [label, ...content] }, ...error];
  });
  const compact = fields.length + 4 > state.size.rows;
  const framed = compact
    ? around(lines, form.field, state.size.rows - 2)
    : [{ spans: [] }, ...lines, { spans: [] }];
  const title = form.kind === 'build' ? 'build a Dockerfile' : 'run an image';
  const foot: Span[] = [
    ['enter', 'key'],
    [form.kind === 'build' ? ' builds  ' : ' runs  ', 'dim'],
    ...(width < 48
      ? []
      : ([
          ['tab', 'key'],
          [' next field  ', 'dim'],
        ] satisfies Span[])),
    ['esc', 'key'],
    [' leaves', 'dim'],
  ];
  return place(state, { title: [[title, 'strong']], lines: framed, foot, width }, theme);
}

/** As many lines as there is room for, with the one in question among them. */
function around(lines: readonly Line[], index: number, room: number): Line[] {
  const start = Math.max(0, Math.min(index - Math.floor(room / 2), lines.length - room));
  return lines.slice(start, start + room);
}

/** Where nothing can be grey an example would be taken for what was entered. */
function exampleOf(example: string, { capabilities }: Theme): string {
  return capabilities.colours === 'none' ? `[${example}]` : example;
}

function textSpans(value: string, cursor: number | undefined, example: string, room: number): Span[] {
  if (cursor === undefined) return value === '' ? [[example, 'faint']] : [[value]];
  if (value === '')
    return [
      [example.slice(0, 1) || ' ', 'cursor'],
      [example.slice(1), 'faint'],
    ];
  const from = Math.max(0, cursor - room + 2);
  return [
    [value.slice(from, cursor)],
    [value.slice(cursor, cursor + 1) || ' ', 'cursor'],
    [value.slice(cursor + 1)],
  ];
}

function choiceSpans(choices: readonly string[], value: string, current: boolean): Span[] {
  return choices.flatMap((choice): Span[] => [
    [
      choice === value ? `(${choice})` : ` ${choice} `,
      choice === value ? (current ? 'key' : 'strong') : 'faint',
    ],
    [' '],
  ]);
}
