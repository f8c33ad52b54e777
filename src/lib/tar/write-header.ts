import { type TarEntry, type TarType, tarBlock, tarPadding } from './entry.ts';
import { writePaxRecord } from './pax-records.ts';

const typeFlags: Readonly<Record<TarType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/**
 * The header blocks of an entry in POSIX pax format: one ustar block, before it a pax header only for what does not
 * fit (long names, large numbers, extended attributes); after it the map of a sparse file (GNU tar's format 1.0). Equal
 * entries give equal bytes.
 */
export function writeTarHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' ? `${entry.name}/` : entry.name;
  const map = entry.sparse === undefined ? undefined : sparseMap(entry.sparse.pieces);
  const size = entry.size + (map?.length ?? 0);
  const records = [
    ...paxText('path', name, 100),
    ...paxText('linkpath', entry.linkName, 100),
    ...paxNumber('size', size, 0o77777777777),
    ...paxNumber('mtime', entry.mtime, 0o77777777777),
    ...paxNumber('uid', entry.uid, 0o7777777),
    ...paxNumber('gid', entry.gid, 0o7777777),
    ...entry.xattrs.map(xattr => writePaxRecord(`SCHILY.xattr.${xattr.name}`, xattr.value)),
  ];
  if (entry.sparse !== undefined) records.push(...sparseRecords(name, entry.sparse.size));
  const header = ustar(entry, name, typeFlags[entry.type], size);
  if (records.length === 0) return header;
  const body = Buffer.concat(records);
  // The name of a pax header is for readers that do not know pax; it is cut like the entry's.
  const pax = ustar({ ...plain, mtime: entry.mtime }, `PaxHeaders/${name}`, 'x', body.length);
  return Buffer.concat([
    pax,
    body,
    Buffer.alloc(tarPadding(body.length)),
    header,
    ...(map === undefined ? [] : [map]),
  ]);
}

function sparseRecords(name: string, realSize: number): Buffer[] {
  return [
    writePaxRecord('GNU.sparse.major', Buffer.from('1')),
    writePaxRecord('GNU.sparse.minor', Buffer.from('0')),
    writePaxRecord('GNU.sparse.name', Buffer.from(name, 'latin1')),
    writePaxRecord('GNU.sparse.realsize', Buffer.from(String(realSize))),
  ];
}

function sparseMap(pieces: readonly { readonly offset: number; readonly length: number }[]): Buffer {
  const numbers = [pieces.length, ...pieces.flatMap(({ offset, length }) => [offset, length])];
  const text = Buffer.from(numbers.map(number => `${number}\n`).join(''));
  return Buffer.concat([text, Buffer.alloc(tarPadding(text.length))]);
}

/** The two zero blocks that end a tar. */
export const tarEnd: Uint8Array = new Uint8Array(2 * tarBlock);

type Numbers = Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'mtime' | 'linkName' | 'major' | 'minor'>;
const plain: Numbers = { mode: 0o644, uid: 0, gid: 0, mtime: 0, linkName: '', major: 0, minor: 0 };

/** Put together as text, which is turned into bytes once: layers have tens of thousands of headers. */
function ustar(entry: Numbers, name: string, flag: string, size: number): Buffer {
  const text = [
    padded(name, 100),
    octal(8, entry.mode & 0o7777),
    octal(8, fit(entry.uid, 0o7777777)),
    octal(8, fit(entry.gid, 0o7777777)),
    octal(12, fit(size, 0o77777777777)),
    octal(12, fit(entry.mtime, 0o77777777777)),
    ' '.repeat(checksumWidth),
    flag,
    padded(entry.linkName, 100),
    'ustar\0' + '00',
    '\0'.repeat(64),
    octal(8, entry.major),
    octal(8, entry.minor),
  ].join('');
  const block = Buffer.from(padded(text, tarBlock), 'latin1');
  block.write(octal(checksumWidth - 1, checksum(block)), checksumAt, 'latin1');
  return block;
}

const checksumAt = 148;
const checksumWidth = 8;

/** Sum of the bytes of a header block whose checksum field holds spaces. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (let at = 0; at < tarBlock; at++) sum += block[at] ?? 0;
  return sum;
}

function octal(width: number, value: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** The text of a field, cut or filled up to its width. */
function padded(text: string, width: number): string {
  return text.slice(0, width).padEnd(width, '\0');
}

/** What the ustar field says when the pax header has the true number. */
function fit(value: number, most: number): number {
  return value >= 0 && value <= most ? value : 0;
}

function paxText(key: string, value: string, most: number): Buffer[] {
  return value.length > most ? [writePaxRecord(key, Buffer.from(value, 'latin1'))] : [];
}

function paxNumber(key: string, value: number, most: number): Buffer[] {
  return value < 0 || value > most ? [writePaxRecord(key, Buffer.from(String(value)))] : [];
}
