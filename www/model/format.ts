/**
 * Numbers as people read them: bytes, counts, shares, durations and addresses, always with their unit.
 * Pure; relies on nothing. One locale, so that a screenshot and a test say the same everywhere.
 */

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234` */
export function count(value: number): string {
  return grouped.format(value);
}

/** `1 page`, `12 pages` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Three digits that matter and a binary unit: `512 B`, `4 KiB`, `1.25 MiB`. */
export function bytes(value: number): string {
  let unit = 0;
  let scaled = Math.abs(value);
  // 999.5 and more would be written with four digits, so it goes to the next unit.
  while (unit < UNITS.length - 1 && (unit === 0 ? scaled >= 1024 : scaled >= 999.5)) {
    scaled /= 1024;
    unit += 1;
  }
  const sign = value < 0 ? '−' : '';
  if (unit === 0) return `${sign}${count(scaled)} B`;
  const decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return `${sign}${String(Number(scaled.toFixed(decimals)))} ${UNITS[unit] ?? ''}`;
}

/** `12,345,678 bytes`: for sums that must be seen to add up. */
export function exactBytes(value: number): string {
  return plural(value, 'byte');
}

/** `12.3 %`; a share too small to show is not shown as nothing. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 100 && percent > 99.9) return '> 99.9 %';
  return `${String(Number(percent.toFixed(1)))} %`;
}

/** How long something took: `0.8 ms`, `850 ms`, `12.3 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9.95) return `${String(Number(milliseconds.toFixed(1)))} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${String(Number(seconds.toFixed(1)))} s`;
  const whole = Math.round(seconds);
  return `${count(Math.floor(whole / 60))} min ${whole % 60} s`;
}

/** A moment since the start of the recording: `0:05.2`, `12:34.0`, `1:02:03.4`. */
export function moment(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** `0x0001a000`: eight digits, so that addresses line up. */
export function address(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** A number stays on the line of its unit. */
export function unbroken(sentence: string): string {
  return sentence.replace(/(\d) (?=(?:B|KiB|MiB|GiB)\b|%)/g, '$1\u00a0');
}

/** The half-open range of `length` bytes from `start`. */
export function range(start: number, length: number): string {
  return `${address(start)} – ${address(start + length)}`;
}

/** Reads what a person types as an address: `0x1a000`, `1a000h`, `106,496`. `undefined` when it is none. */
export function parseAddress(text: string): number | undefined {
  const word = text.trim().toLowerCase().replace(/[,_\s]/g, '');
  const hex = /^0x([0-9a-f]{1,8})$/.exec(word) ?? /^([0-9a-f]{1,8})h$/.exec(word);
  if (hex?.[1] !== undefined) return Number.parseInt(hex[1], 16);
  if (!/^[0-9]{1,10}$/.test(word)) return undefined;
  const value = Number(word);
  return value <= 0xffff_ffff ? value : undefined;
}
