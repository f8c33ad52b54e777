import { badOption } from './bad-option.ts';

/** Bytes of docker's sizes, in binary units: `512m`, `1.5g`, `64MiB`, `4096`. `-1` passes only where `unlimited` does. */
export function parseSize(text: string, { unlimited = false } = {}): number {
  if (unlimited && text === '-1') return -1;
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([bkmgtp]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) {
    throw badOption(`"${text}" is not a size`, 'write bytes, or a number with b, k, m or g, as in 512m');
  }
  return Math.floor(Number(number) * 1024 ** Math.max(0, 'bkmgtp'.indexOf(unit.toLowerCase())));
}

/** A size with the largest unit that divides it: `512m`, `1g`, `1000`; `parseSize` reads it back. */
export function formatSize(bytes: number): string {
  if (bytes <= 0) return String(bytes);
  const unit = [4, 3, 2, 1].find(power => bytes % 1024 ** power === 0) ?? 0;
  return `${bytes / 1024 ** unit}${unit === 0 ? '' : ' kmgt'[unit]}`;
}
