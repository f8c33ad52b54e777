import { type ExportedLimits, exportLimits, type LimitForm, limitForms } from '../../capacity/index.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { runAction, sortBy } from './actions.ts';
import { type FormState, formFields, parseBuildForm, parseRunForm } from './forms.ts';
import { logsSince, logTimes, searchLogs } from './log-view.ts';
import type { Command, Next } from './messages.ts';
import { matchingEntries, type PaletteEntry } from './palette.ts';
import { withList } from './selection.ts';
import { sortKeys } from './selectors.ts';
import type { Choice, Overlay, Prompt, State } from './state.ts';
import { editText } from './text-input.ts';

/** Signals that can be asked for, the usual ones first. */
const signals = [
  'SIGTERM',
  'SIGKILL',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGSTOP',
  'SIGCONT',
  'SIGWINCH',
];

/** A key while something lies over the panes. */
export function onOverlayKey(state: State, overlay: Overlay, key: string): Next {
  if (key === 'escape') return closed(state);
  switch (overlay.kind) {
    case 'help':
    case 'alerts':
      return onHelpKey(state, overlay, key);
    case 'palette':
      return onPaletteKey(state, overlay, key);
    case 'choice':
      return onChoiceKey(state, overlay, key);
    case 'form':
      return onFormKey(state, overlay.form, key);
  }
}

/** A key while a filter or a search is typed: it takes effect with every letter. */
export function onPromptKey(state: State, prompt: Prompt, key: string): Next {
  if (key === 'enter' || key === 'down' || key === 'tab') return [{ ...state, prompt: undefined }, []];
  if (key === 'escape') return [typed({ ...state, prompt: undefined }, prompt, ''), []];
  const { text } = editText({ text: prompt.text, cursor: prompt.text.length }, key);
  return [typed({ ...state, prompt: { ...prompt, text } }, prompt, text), []];
}

/** Pasted text goes where text is typed, on one line; elsewhere it does nothing. */
export function pasteInto(state: State, text: string): Next {
  const line = text.replace(/[\r\n\t]+/g, ' ').trim();
  const { overlay, prompt } = state;
  if (prompt !== undefined) {
    const longer = prompt.text + line;
    return [typed({ ...state, prompt: { ...prompt, text: longer } }, prompt, longer), []];
  }
  if (overlay?.kind === 'form') return [withForm(state, insertText(overlay.form, line)), []];
  if (overlay?.kind === 'palette')
    return [{ ...state, overlay: { ...overlay, text: overlay.text + line, index: 0 } }, []];
  return [state, []];
}

/** The answers to a question, each with what it does. */
export function answers(choice: Choice): readonly { readonly label: string; readonly key?: string }[] {
  if (choice.of === 'signal') return signals.map(label => ({ label }));
  if (choice.of === 'sort') return sortKeys[choice.noun].map(label => ({ label }));
  if (choice.of === 'since')
    return logTimes.map((time, i) => ({
      label: time === undefined ? 'all that is kept' : `the last ${formatDuration(time)}`,
      key: String(i),
    }));
  if (choice.of === 'copy') return limitForms.map(label => ({ label: formLabels[label] }));
  if (choice.of === 'quit')
    return [
      { label: 'stay', key: 'n' },
      { label: 'quit and cancel it', key: 'y' },
    ];
  if (choice.of === 'apply')
    return [
      { label: 'leave them', key: 'n' },
      { label: 'change them', key: 'y' },
    ];
  if (choice.of === 'undo')
    return [
      { label: 'leave them', key: 'n' },
      { label: 'give them back', key: 'y' },
    ];
  return [
    { label: 'keep', key: 'n' },
    { label: choice.force ? 'remove by force' : 'remove', key: 'y' },
  ];
}

function typed(state: State, prompt: Prompt, text: string): State {
  return prompt.of === 'filter' ? withList(state, { filter: text }) : searchLogs(state, text);
}

function closed(state: State): Next {
  return [{ ...state, overlay: undefined }, []];
}

function onHelpKey(state: State, help: Extract<Overlay, { kind: 'help' | 'alerts' }>, key: string): Next {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -10,
    pagedown: 10,
    ' ': 10,
  };
  const step = steps[key];
  if (step === undefined)
    return key === 'q' || key === '?' || key === '!' || key === 'enter' ? closed(state) : [state, []];
  return [{ ...state, overlay: { ...help, scroll: Math.max(0, help.scroll + step) } }, []];
}

function onPaletteKey(state: State, palette: Extract<Overlay, { kind: 'palette' }>, key: string): Next {
  const entries = matchingEntries(palette.text);
  const step = stepOf(key);
  if (step !== 0)
    return [{ ...state, overlay: { ...palette, index: turn(palette.index, step, entries.length) } }, []];
  if (key === 'enter') {
    const entry = entries[palette.index];
    return entry === undefined ? [state, []] : runEntry({ ...state, overlay: undefined }, entry);
  }
  const { text } = editText({ text: palette.text, cursor: palette.text.length }, key);
  return [{ ...state, overlay: { ...palette, text, index: 0 } }, []];
}

function runEntry(state: State, entry: PaletteEntry): Next {
  const why = entry.needs === undefined ? undefined : state.remote?.lacks[entry.needs];
  if (why !== undefined) {
    const hint = "plimsoll's own engine can";
    return [{ ...state, notice: { tone: 'warn', text: why, hint, time: state.now } }, []];
  }
  return 'action' in entry ? runAction(state, entry.action) : [state, [entry.command]];
}

function onChoiceKey(state: State, overlay: Extract<Overlay, { kind: 'choice' }>, key: string): Next {
  const list = answers(overlay.choice);
  const byKey = list.findIndex(answer => answer.key === key);
  if (byKey >= 0) return answer(state, overlay.choice, byKey);
  if (key === 'enter') return answer(state, overlay.choice, overlay.index);
  if (key === 'q') return closed(state);
  const step = key === 'j' ? 1 : key === 'k' ? -1 : stepOf(key);
  return [{ ...state, overlay: { ...overlay, index: turn(overlay.index, step, list.length) } }, []];
}

function answer(state: State, choice: Choice, index: number): Next {
  const open = { ...state, overlay: undefined };
  switch (choice.of) {
    case 'signal':
      return [open, [{ type: 'kill', targets: choice.targets, signal: signals[index] ?? 'SIGTERM' }]];
    case 'sort':
      return [withList(open, { sort: sortBy(sortKeys[choice.noun][index] ?? 'name') }), []];
    case 'since':
      return logsSince(open, logTimes[index]);
    case 'copy':
      return copyLimits(open, choice.limits, limitForms[index] ?? 'docker');
    case 'quit':
      return [open, index === 0 ? [] : [{ type: 'quit' }]];
    case 'apply':
      if (index === 0) return [open, []];
      return [withList(open, { marked: new Set() }), [{ type: 'change-limits', requests: choice.requests }]];
    case 'undo':
      return [open, index === 0 ? [] : [{ type: 'undo-limits', changes: choice.changes }]];
    case 'remove':
      return index === 0 ? [open, []] : [withList(open, { marked: new Set() }), [removal(choice)]];
  }
}

/** What each form is good for. */
const formLabels: Readonly<Record<LimitForm, string>> = {
  plimsoll: 'plimsoll update',
  docker: 'docker update',
  compose: 'a Compose file',
  kubernetes: 'Kubernetes resources',
};

function copyLimits(state: State, limits: readonly ExportedLimits[], form: LimitForm): Next {
  const text = `Copied the advised limits as ${formLabels[form]}`;
  const notice = { tone: 'good' as const, text, time: state.now };
  return [{ ...state, notice }, [{ type: 'copy', text: exportLimits(limits, form) }]];
}

function removal(choice: Extract<Choice, { of: 'remove' }>): Command {
  const { targets, force } = choice;
  return choice.noun === 'images'
    ? { type: 'remove-images', targets, force }
    : { type: 'remove-containers', targets, force };
}

function onFormKey(state: State, form: FormState, key: string): Next {
  const fields = formFields[form.kind];
  const field = fields[form.field];
  if (key === 'enter' || key === 'ctrl+s') return submit(state, form);
  const step = key === 'tab' ? 1 : key === 'shift+tab' ? -1 : stepOf(key);
  if (step !== 0) return [withForm(state, goToField(form, turn(form.field, step, fields.length))), []];
  if (field?.choices !== undefined)
    return [withForm(state, turnChoice(form, field.name, field.choices, key)), []];
  const text = form.values[field?.name ?? ''] ?? '';
  const edited = editText({ text, cursor: form.cursor }, key);
  return [withForm(state, withValue(form, field?.name ?? '', edited.text, edited.cursor)), []];
}

function submit(state: State, form: FormState): Next {
  const remember: Command = { type: 'remember', form: form.kind, values: form.values };
  const done = {
    ...state,
    overlay: undefined,
    remembered: { ...state.remembered, [form.kind]: form.values },
  };
  if (form.kind === 'build') {
    const parsed = parseBuildForm(form.values);
    if ('problem' in parsed) return [withForm(state, wrong(form, parsed.problem)), []];
    return [done, [remember, { type: 'build', request: parsed.value }]];
  }
  const parsed = parseRunForm(form.values);
  if ('problem' in parsed) return [withForm(state, wrong(form, parsed.problem)), []];
  return [{ ...done, noun: 'containers', focus: 'list' }, [remember, { type: 'run', spec: parsed.value }]];
}

function wrong(form: FormState, error: NonNullable<FormState['error']>): FormState {
  const index = formFields[form.kind].findIndex(field => field.name === error.field);
  return { ...goToField(form, Math.max(0, index)), error };
}

function goToField(form: FormState, field: number): FormState {
  const name = formFields[form.kind][field]?.name ?? '';
  return { ...form, field, cursor: (form.values[name] ?? '').length };
}

function turnChoice(form: FormState, name: string, choices: readonly string[], key: string): FormState {
  const step = key === ' ' || key === 'right' ? 1 : key === 'left' ? -1 : 0;
  const index = turn(choices.indexOf(form.values[name] ?? ''), step, choices.length);
  return withValue(form, name, choices[index] ?? '', 0);
}

function insertText(form: FormState, line: string): FormState {
  const field = formFields[form.kind][form.field];
  if (field === undefined || field.choices !== undefined) return form;
  const text = form.values[field.name] ?? '';
  const longer = text.slice(0, form.cursor) + line + text.slice(form.cursor);
  return withValue(form, field.name, longer, form.cursor + line.length);
}

function withValue(form: FormState, name: string, value: string, cursor: number): FormState {
  const { error: _old, ...rest } = form;
  return { ...rest, values: { ...form.values, [name]: value }, cursor };
}

function withForm(state: State, form: FormState): State {
  return { ...state, overlay: { kind: 'form', form } };
}

function stepOf(key: string): number {
  return key === 'down' || key === 'ctrl+n' ? 1 : key === 'up' || key === 'ctrl+p' ? -1 : 0;
}

function turn(index: number, step: number, count: number): number {
  return count === 0 ? 0 : (index + step + count) % count;
}
