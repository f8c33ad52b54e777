import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import type { HeadlessTerminal } from './terminal.ts';

const cell = { width: 9, height: 19, fontSize: 15, baseline: 14 };
const margin = 14;
const background = '#11151c';
const foreground = '#d5dae3';

/** The 16 colours, calm and readable on the background. */
const ansi = [
  '#1b212b',
  '#e5646a',
  '#7fc48b',
  '#e0b364',
  '#6aa3e8',
  '#b98adf',
  '#5dc1c9',
  '#c6ccd6',
  '#5b6575',
  '#ff8088',
  '#9bdca6',
  '#f2cb84',
  '#8dbcf5',
  '#cfa6ef',
  '#82dbe2',
  '#f2f5f9',
] as const;

/** The emulator's screen as a PNG: blocks, boxes and braille drawn as shapes, letters in DejaVu Sans Mono. */
export function terminalPng(terminal: HeadlessTerminal): Buffer {
  const fonts = createRequire(import.meta.url)
    .resolve('dejavu-fonts-ttf/package.json')
    .replace('package.json', 'ttf/');
  const picture = new Resvg(terminalSvg(terminal), {
    font: {
      loadSystemFonts: false,
      fontFiles: ['DejaVuSansMono.ttf', 'DejaVuSansMono-Bold.ttf'].map(name => fonts + name),
      defaultFontFamily: 'DejaVu Sans Mono',
    },
    fitTo: { mode: 'zoom', value: 1.5 },
  });
  return Buffer.from(picture.render().asPng());
}

/** The emulator's screen as an SVG document. */
export function terminalSvg(terminal: HeadlessTerminal): string {
  const width = terminal.cols * cell.width + 2 * margin;
  const height = terminal.rows * cell.height + 2 * margin;
  const body: string[] = [];
  for (let y = 0; y < terminal.rows; y++) body.push(...drawLine(terminal, y));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="10" fill="${background}"/>
<g font-family="DejaVu Sans Mono" font-size="${cell.fontSize}" xml:space="preserve">${body.join('')}</g></svg>`;
}

interface Glyph {
  readonly x: number;
  readonly chars: string;
  readonly color: string;
  readonly fill: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly width: number;
}

function drawLine(terminal: HeadlessTerminal, y: number): string[] {
  const glyphs = readGlyphs(terminal, y);
  const top = margin + y * cell.height;
  const backs = glyphs
    .filter(glyph => glyph.fill !== undefined)
    .map(glyph => rect(left(glyph), top, glyph.width * cell.width + 0.4, cell.height, glyph.fill ?? '', 1));
  return [...backs, ...glyphs.flatMap(glyph => drawGlyph(glyph, top))];
}

function readGlyphs(terminal: HeadlessTerminal, y: number): Glyph[] {
  const buffer = terminal.buffer.active;
  const line = buffer.getLine(buffer.viewportY + y);
  const glyphs: Glyph[] = [];
  for (let x = 0; x < terminal.cols; x++) {
    const at = line?.getCell(x);
    if (at === undefined || at.getWidth() === 0) continue;
    const color = at.isFgDefault()
      ? foreground
      : colorOf(at.getFgColor(), at.isFgRGB() !== false && at.isFgRGB());
    const fill = at.isBgDefault()
      ? undefined
      : colorOf(at.getBgColor(), at.isBgRGB() !== false && at.isBgRGB());
    const inverse = at.isInverse() !== 0;
    glyphs.push({
      x,
      chars: at.getChars(),
      color: inverse ? (fill ?? background) : color,
      fill: inverse ? color : fill,
      bold: at.isBold() !== 0,
      dim: at.isDim() !== 0,
      width: at.getWidth(),
    });
  }
  return glyphs;
}

function drawGlyph(glyph: Glyph, top: number): string[] {
  if (glyph.chars.trim() === '') return [];
  const code = glyph.chars.codePointAt(0) ?? 0;
  const opacity = glyph.dim ? 0.55 : 1;
  if (code >= 0x2580 && code <= 0x259f) return drawBlock(code, glyph, top, opacity);
  if (code >= 0x2800 && code <= 0x28ff) return drawBraille(code, glyph, top, opacity);
  if (code in boxArms) return drawBox(boxArms[code] ?? [0, 0, 0, 0], code, glyph, top, opacity);
  const weight = glyph.bold ? ' font-weight="bold"' : '';
  const text = glyph.chars.replace(/[&<>]/g, found => `&#${found.charCodeAt(0)};`);
  return [
    `<text x="${left(glyph)}" y="${top + cell.baseline}" fill="${glyph.color}" fill-opacity="${opacity}"${weight}>${text}</text>`,
  ];
}

/** Block elements, U+2580 to U+259F: eighths from below, eighths from the left, shades, quadrants. */
function drawBlock(code: number, glyph: Glyph, top: number, opacity: number): string[] {
  const [x, w, h] = [left(glyph), cell.width, cell.height];
  const paint = (dx: number, dy: number, dw: number, dh: number, alpha = opacity) =>
    rect(x + dx * w, top + dy * h, dw * w + 0.3, dh * h + 0.3, glyph.color, alpha);
  if (code === 0x2580) return [paint(0, 0, 1, 0.5)];
  if (code <= 0x2588) return [paint(0, 1 - (code - 0x2580) / 8, 1, (code - 0x2580) / 8)];
  if (code <= 0x258f) return [paint(0, 0, (0x2590 - code) / 8, 1)];
  if (code === 0x2590) return [paint(0.5, 0, 0.5, 1)];
  if (code <= 0x2593) return [paint(0, 0, 1, 1, (opacity * (code - 0x2590)) / 4)];
  if (code === 0x2594) return [paint(0, 0, 1, 0.125)];
  if (code === 0x2595) return [paint(0.875, 0, 0.125, 1)];
  const quadrants =
    [0b0010, 0b0001, 0b1000, 0b1011, 0b1001, 0b1110, 0b1101, 0b0100, 0b0110, 0b0111][code - 0x2596] ?? 0;
  const corners = [
    [0b1000, 0, 0],
    [0b0100, 0.5, 0],
    [0b0010, 0, 0.5],
    [0b0001, 0.5, 0.5],
  ] as const;
  return corners.filter(([bit]) => quadrants & bit).map(([, dx, dy]) => paint(dx, dy, 0.5, 0.5));
}

/** Braille patterns: bits 1-3 and 7 are the left column from the top, 4-6 and 8 the right one. */
function drawBraille(code: number, glyph: Glyph, top: number, opacity: number): string[] {
  const dots = [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
    [0, 3],
    [1, 3],
  ] as const;
  return dots
    .filter((_, bit) => (code - 0x2800) & (1 << bit))
    .map(([dx, dy]) => {
      const [cx, cy] = [left(glyph) + (dx + 0.5) * (cell.width / 2), top + (dy + 0.5) * (cell.height / 4)];
      return `<circle cx="${cx}" cy="${cy}" r="1.55" fill="${glyph.color}" fill-opacity="${opacity}"/>`;
    });
}

/** Arms of box-drawing characters: up, right, down, left; 1 light, 2 heavy or double. */
const boxArms: Readonly<Record<number, readonly [number, number, number, number]>> = {
  9472: [0, 1, 0, 1],
  9473: [0, 2, 0, 2],
  9474: [1, 0, 1, 0],
  9475: [2, 0, 2, 0],
  9476: [0, 1, 0, 1],
  9478: [1, 0, 1, 0],
  9480: [0, 1, 0, 1],
  9482: [1, 0, 1, 0],
  9484: [0, 1, 1, 0],
  9488: [0, 0, 1, 1],
  9492: [1, 1, 0, 0],
  9496: [1, 0, 0, 1],
  9500: [1, 1, 1, 0],
  9508: [1, 0, 1, 1],
  9516: [0, 1, 1, 1],
  9524: [1, 1, 0, 1],
  9532: [1, 1, 1, 1],
  9552: [0, 2, 0, 2],
  9553: [2, 0, 2, 0],
  9581: [0, 1, 1, 0],
  9582: [0, 0, 1, 1],
  9583: [1, 0, 0, 1],
  9584: [1, 1, 0, 0],
  9588: [0, 0, 0, 1],
  9589: [1, 0, 0, 0],
  9590: [0, 1, 0, 0],
  9591: [0, 0, 1, 0],
  9592: [0, 0, 0, 2],
  9594: [0, 2, 0, 0],
};

function drawBox(
  arms: readonly [number, number, number, number],
  code: number,
  glyph: Glyph,
  top: number,
  opacity: number,
): string[] {
  const [cx, cy] = [left(glyph) + cell.width / 2, top + cell.height / 2];
  const [x2, y2] = [left(glyph) + cell.width, top + cell.height];
  const stroke = `stroke="${glyph.color}" stroke-opacity="${opacity}" fill="none"`;
  const round: Readonly<Record<number, string>> = {
    9581: `M${cx} ${y2} Q${cx} ${cy} ${x2} ${cy}`,
    9582: `M${left(glyph)} ${cy} Q${cx} ${cy} ${cx} ${y2}`,
    9583: `M${left(glyph)} ${cy} Q${cx} ${cy} ${cx} ${top}`,
    9584: `M${cx} ${top} Q${cx} ${cy} ${x2} ${cy}`,
  };
  const corner = round[code];
  if (corner !== undefined) return [`<path d="${corner}" stroke-width="1.2" ${stroke}/>`];
  const ends = [
    [cx, top],
    [x2, cy],
    [cx, y2],
    [left(glyph), cy],
  ] as const;
  return ends.flatMap(([x, y], i) => {
    const weight = arms[i] ?? 0;
    return weight === 0
      ? []
      : [`<path d="M${cx} ${cy}L${x} ${y}" stroke-width="${weight * 1.2}" ${stroke}/>`];
  });
}

function rect(x: number, y: number, width: number, height: number, color: string, opacity: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${color}" fill-opacity="${opacity}"/>`;
}

function left(glyph: Glyph): number {
  return margin + glyph.x * cell.width;
}

/** A palette index (0 to 255) or, with `rgb`, 0xRRGGBB as a CSS colour. */
function colorOf(value: number, rgb: boolean | number): string {
  if (rgb) return hex(value);
  if (value < 16) return ansi[value] ?? foreground;
  if (value >= 232) return hex((8 + 10 * (value - 232)) * 0x010101);
  const level = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  const cube = value - 16;
  return hex((level(Math.floor(cube / 36)) << 16) | (level(Math.floor(cube / 6) % 6) << 8) | level(cube % 6));
}

function hex(value: number): string {
  return `#${value.toString(16).padStart(6, '0')}`;
}
