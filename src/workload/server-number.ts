/** What a bare number of a parameter counts (pg_settings.unit), in bytes; `none`: a plain number, which takes no unit. */
export type MemoryUnit = 'kB' | '8kB' | 'MB';

/** Largest first (PostgreSQL manual 19.1.1), case as there. */
const units: readonly (readonly [name: string, bytes: number])[] = [
  ['TB', 2 ** 40],
  ['GB', 2 ** 30],
  ['MB', 2 ** 20],
  ['kB', 2 ** 10],
  ['B', 1],
];

const unitBytes: Readonly<Record<MemoryUnit, number>> = { kB: 2 ** 10, '8kB': 2 ** 13, MB: 2 ** 20 };

const largest = 2 ** 31 - 1;

/**
 * A whole number as the server reads it (parse_int in src/backend/utils/misc/guc.c, which is strtol with base 0, then strtod): a leading
 * zero is octal, `0x` hexadecimal, a fraction or an exponent is rounded, half to even. undefined where the server would refuse it.
 */
export function readServerInteger(text: string): number | undefined {
  const read = readLeadingNumber(text);
  return read?.rest === '' ? whole(read.value) : undefined;
}

/** Bytes, and whether a unit was written. A fraction of a unit counts in whole steps of the next smaller one, as in the server. */
export function readServerMemory(
  text: string,
  unit: MemoryUnit,
): { readonly bytes: number; readonly hasUnit: boolean } | undefined {
  const read = readLeadingNumber(text);
  if (read === undefined) return undefined;
  const base = unitBytes[unit];
  const index = units.findIndex(([name]) => name === read.rest);
  const [, factor] = units[index] ?? [];
  if (read.rest !== '' && factor === undefined) return undefined;
  // convert_to_base_unit() in guc.c; bytes are the smallest unit, so there is nothing to round them to but the whole.
  const smaller = units[index + 1]?.[1];
  const bytes = factor === undefined ? read.value * base : inSteps(read.value * factor, smaller);
  const count = whole(bytes / base);
  return count === undefined ? undefined : { bytes: count * base, hasUnit: read.rest !== '' };
}

function inSteps(bytes: number, step: number | undefined): number {
  return step === undefined ? bytes : roundHalfEven(bytes / step) * step;
}

/** The number at the beginning, and what follows it without blanks. */
function readLeadingNumber(text: string): { readonly value: number; readonly rest: string } | undefined {
  const match =
    /^[ \t\n\v\f\r]*([+-]?)(?:(0[xX][0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?)|(0[0-7]*)(?![0-7.eE])|([0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?))[ \t\n\v\f\r]*(\S*)[ \t\n\v\f\r]*$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, sign, hexadecimal, octal, decimal = '', rest = ''] = match;
  const size =
    hexadecimal !== undefined
      ? fromHexadecimal(hexadecimal)
      : octal === undefined
        ? fromDecimal(decimal)
        : Number.parseInt(octal, 8);
  return Number.isFinite(size) ? { value: sign === '-' ? -size : size, rest } : undefined;
}

/** `0x1F`, and `0x1.8` as strtod() has it. */
function fromHexadecimal(text: string): number {
  const [whole = '', fraction = ''] = text.split('.');
  return Number.parseInt(`${whole}${fraction}`, 16) / 16 ** fraction.length;
}

function fromDecimal(text: string): number {
  return /[0-9]/.test(text) ? Number(text) : NaN;
}

/** rint(), and the range of C's int. */
function whole(value: number): number | undefined {
  const rounded = roundHalfEven(value);
  return Math.abs(rounded) <= largest ? rounded : undefined;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
