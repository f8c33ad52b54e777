import { badArchive } from './bad-archive.ts';

/** Reads the records of a pax header: `length key=value\n`, values as bytes. Throws `BAD_ARCHIVE`. */
export function readPaxRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? '' : body.toString('latin1', at, space);
    const end = at + Number(digits);
    const equals = body.indexOf(0x3d, space);
    const whole = /^[1-9][0-9]*$/.test(digits) && end <= body.length && body[end - 1] === 0x0a;
    if (!whole || equals < 0 || equals >= end) throw badArchive('a pax header is damaged');
    records.set(body.toString('latin1', space + 1, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Writes one pax record; the length counts its own digits. */
export function writePaxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.byteLength(key, 'latin1') + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')]);
}
