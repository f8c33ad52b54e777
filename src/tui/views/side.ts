import { type Line, panel, type Span, type Theme } from '../components/index.ts';
import { formatClock, type Layout, type State } from '../model/index.ts';
import { eventAction } from './other-columns.ts';
import { machineRings } from './rings.ts';

/** The column at the right of a wide screen: the VM as rings, and what happens, as it happens. */
export function sidePanels(state: State, layout: Layout, theme: Theme): string[] {
  const { width, height } = layout.side;
  if (width === 0) return [];
  const rings = theme.capabilities.unicode && height >= 24 ? 11 : 0;
  const top =
    rings === 0
      ? []
      : panel(
          state.load === undefined ? [] : machineRings(state.load, width - 2, rings - 2, theme),
          { title: [['VM in use', 'strong']], width, height: rings, focused: false },
          theme,
        );
  const feed = panel(
    feedLines(state, height - rings - 2, theme),
    { title: [['activity', 'strong']], width, height: height - rings, focused: false },
    theme,
  );
  return [...top, ...feed];
}

function feedLines(state: State, height: number, theme: Theme): Line[] {
  const going = state.operations.map((operation): Line => {
    const spans: Span[] = [
      [` ${theme.glyphs.right} `, 'accent'],
      [operation.label],
      [` ${operation.progress ?? ''}`, 'dim'],
    ];
    return { spans };
  });
  const past = state.events.slice(0, Math.max(0, height - going.length)).map((event): Line => {
    const [action, tone = 'text'] = eventAction(event);
    return {
      spans: [
        [` ${formatClock(event.time)} `, 'faint'],
        [action.padEnd(11), tone],
        [event.name, 'text'],
        [` ${event.type === 'container' ? '' : event.type}`, 'dim'],
      ],
    };
  });
  if (going.length + past.length === 0) return [{ spans: [[' Nothing has happened yet.', 'dim']] }];
  return [...going, ...past];
}
