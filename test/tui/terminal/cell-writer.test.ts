import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import fc from 'fast-check';
import { CellWriter } from '../../../src/tui/terminal/index.ts';

type Emulator = InstanceType<typeof headless.Terminal>;

/** A terminal that the writer writes to: an emulator, and the bytes that came. */
class Output extends EventEmitter {
  readonly isTTY = true;
  columns: number;
  rows: number;
  bytes = '';
  readonly emulator: Emulator;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.emulator = emulatorOf(columns, rows);
  }

  write(data: string): void {
    this.bytes += data;
    this.emulator.write(data);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emulator.resize(columns, rows);
    this.emit('resize');
  }
}

function emulatorOf(cols: number, rows: number): Emulator {
  const emulator = new headless.Terminal({ cols, rows, allowProposedApi: true, convertEol: true });
  emulator.loadAddon(new Unicode11Addon() as never);
  emulator.unicode.activeVersion = '11';
  return emulator;
}

/** Every cell with its looks, as text that shows a difference. */
async function cells(emulator: Emulator): Promise<string[]> {
  await new Promise<void>(resolve => emulator.write('', resolve));
  const buffer = emulator.buffer.active;
  return Array.from({ length: emulator.rows }, (_, y) => {
    const line = buffer.getLine(buffer.viewportY + y);
    return Array.from({ length: emulator.cols }, (_cell, x) => {
      const cell = line?.getCell(x);
      const chars = cell?.getWidth() === 0 ? '' : cell?.getChars() || ' ';
      const look = [
        cell?.getFgColor(),
        cell?.getBgColor(),
        cell?.isBold(),
        cell?.isDim(),
        cell?.isInverse(),
        cell?.isUnderline(),
        cell?.isItalic(),
      ];
      return `${chars}<${look.join(',')}>`;
    }).join('');
  });
}

const piece = fc.constantFrom(
  'a',
  'bc',
  ' ',
  '   ',
  '0',
  '界',
  '─',
  '█',
  '⣿',
  'é',
  '\u001b[31m',
  '\u001b[1m',
  '\u001b[22m',
  '\u001b[38;5;120m',
  '\u001b[48;2;1;2;3m',
  '\u001b[39m',
  '\u001b[49m',
  '\u001b[7m',
  '\u001b[27m',
  '\u001b[0m',
  '\u001b[2;3m',
);
/** A line that fits: wide characters count two. */
const line = fc.array(piece, { maxLength: 12 }).map(pieces => `${pieces.join('')}\u001b[0m`);
const frames = fc.array(fc.array(line, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 6 });

/** A frame as Ink draws a changed one: up to its first line, each line erased and written anew. */
function inkFrame(lines: readonly string[], first: boolean): string {
  const up = first ? '\u001b[H' : `\u001b[${lines.length - 1}A\u001b[G`;
  return `\u001b[?2026h${up}${lines.map(text => `\u001b[G\u001b[2K${text}`).join('\n')}\u001b[?2026l`;
}

test('the screen is the same, cell by cell, as if all had been written to the terminal', async () => {
  await fc.assert(
    fc.asyncProperty(frames, async list => {
      const output = new Output(30, 6);
      const writer = new CellWriter(output, { alternate: true });
      const reference = emulatorOf(30, 6);
      reference.write('\u001b[?1049h');
      output.emulator.write('\u001b[?1049h');
      for (const [i, lines] of list.entries()) {
        writer.write(inkFrame(lines, i === 0));
        reference.write(inkFrame(lines, i === 0));
        assert.deepEqual(await cells(output.emulator), await cells(reference));
      }
    }),
    { numRuns: 60 },
  );
});

test('a frame that changes nothing sends nothing', () => {
  const output = new Output(30, 4);
  const writer = new CellWriter(output, { alternate: true });
  writer.write(inkFrame(['one', 'two', 'three', 'four'], true));
  const before = output.bytes.length;
  writer.write(inkFrame(['one', 'two', 'three', 'four'], false));
  assert.equal(output.bytes.length, before);
});

test('one changed digit costs a few bytes', () => {
  const output = new Output(120, 40);
  const writer = new CellWriter(output, { alternate: true });
  const lines = Array.from({ length: 40 }, (_, i) => `container ${i} \u001b[32mrunning\u001b[0m 0.25 cores`);
  writer.write(inkFrame(lines, true));
  const before = output.bytes.length;
  writer.write(inkFrame(lines.with(7, 'container 7 \u001b[32mrunning\u001b[0m 0.26 cores'), false));
  assert.ok(output.bytes.length - before < 40, `${output.bytes.length - before} bytes`);
});

test('finished rows appear where their characters stand, those of a higher layer on top', async () => {
  const output = new Output(20, 3);
  const writer = new CellWriter(output, { alternate: true });
  const row = (text: string, width: number, layer = 0): string => writer.finished.markOf(text, width, layer);
  const base = [row('left part '.padEnd(10), 10), row('界'.repeat(5), 10), row('third', 10)];
  const side = [row('right part', 10), row('right part', 10), row('right part', 10)];
  const popup = row('\u001b[7m popup \u001b[0m', 7, 1);
  const drawn = [
    `${base[0]}${' '.repeat(9)}${side[0]}`,
    `${base[1]}${' '.repeat(6)}${popup}  ${side[1]}`,
    `${base[2]}${' '.repeat(9)}${side[2]}`,
  ];
  writer.write(inkFrame(drawn, true));
  await cells(output.emulator);
  const buffer = output.emulator.buffer.active;
  const texts = [0, 1, 2].map(y => buffer.getLine(y)?.translateToString());
  assert.deepEqual(texts, ['left part right part', '界界界  popup t part', 'third     right part']);
});

test('after a resize everything is drawn again, also what Ink left alone', async () => {
  const output = new Output(20, 4);
  const writer = new CellWriter(output, { alternate: true });
  writer.write(inkFrame(['one', 'two', 'three', 'four'], true));
  output.resize(24, 4);
  writer.write('\u001b[?2026h\u001b[?2026l');
  output.emulator.write('\u001b[1;1Hgarbage');
  writer.repaint();
  writer.write('\u001b[?2026h\u001b[?2026l');
  assert.match((await cells(output.emulator)).join('').replace(/<[^>]*>/g, ''), /^one {21}two/);
});

test('modes of the terminal are passed on within write(), so that they hold if the process ends there', () => {
  const output = new Output(20, 4);
  const writer = new CellWriter(output);
  writer.write('\u001b[?1049h\u001b[?25l');
  assert.equal(output.bytes, '\u001b[?1049h\u001b[?25l');
  writer.write('text\u001b[?25h\u001b[?2004l\u001b[?1049l');
  assert.ok(output.bytes.endsWith('\u001b[?25h\u001b[?2004l\u001b[?1049l'));
});

test('close() leaves the alternate screen once, whatever was done before', () => {
  const output = new Output(20, 4);
  const writer = new CellWriter(output);
  writer.write('\u001b[?1049h\u001b[?25l');
  writer.close();
  writer.close();
  assert.equal(output.bytes.split('\u001b[?1049l').length, 2);
  assert.ok(output.bytes.endsWith('\u001b[?25h'));
});

test('a terminal that says it has no size gets 80 by 24', () => {
  const writer = new CellWriter(new Output(80, 24), {});
  assert.deepEqual([writer.columns, writer.rows], [80, 24]);
  const sizeless = Object.assign(new Output(80, 24), { columns: 0, rows: 0 });
  assert.deepEqual([new CellWriter(sizeless).columns, new CellWriter(sizeless).rows], [80, 24]);
});
