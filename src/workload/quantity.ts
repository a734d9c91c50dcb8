/**
 * Kubernetes quantities (apimachinery `resource.Quantity`): a decimal number with a binary suffix (`Gi`), a decimal one
 * (`M`, `m`) or an exponent (`2e9`). Values are bytes or cores; sums beyond 2^53 lose their last digits, which no
 * size that we compare comes near.
 */
const quantityPattern = /^(?!$)([+-]?[0-9]*\.?[0-9]*)(?:([EPTGMK]i)|([numkMGTPE])|[eE]([+-]?[0-9]+))?$/;

/** Quantities end at 2^63 - 1. */
const largest = 2 ** 63;

const binaryFactors: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** Bytes or cores; undefined where `text` is no quantity. `100m` is 0.1, `1Ki` 1024, `1E` 10^18, `1e3` 1000, `Gi` without digits 0. */
export function parseQuantity(text: string): number | undefined {
  const match = quantityPattern.exec(text);
  if (match === null) return undefined;
  const [, digits = '', binary, decimal, exponent] = match;
  if (!/[0-9]/.test(digits)) return 0;
  if (binary !== undefined) return within(Number(digits) * (binaryFactors[binary] ?? 1));
  const power = decimal === undefined ? Number(exponent ?? 0) : (decimalExponents[decimal] ?? 0);
  // Through the number's own text: 100 * 1e-3 is 0.1 only by luck, Number('100e-3') always.
  return within(Number(`${digits}e${power}`));
}

function within(value: number): number {
  return Math.max(-largest, Math.min(largest, value));
}

/** Bytes as text with the largest binary suffix that holds them exactly: 21474836480 is `20Gi`, 1536 is `1536`. */
export function formatQuantity(bytes: number): string {
  const whole = Math.ceil(bytes);
  const suffix = Object.entries(binaryFactors).findLast(([, factor]) => whole >= factor && whole % factor === 0);
  return suffix === undefined ? whole.toString() : `${whole / suffix[1]}${suffix[0]}`;
}
