/**
 * Kubernetes quantities (apimachinery `resource.Quantity`): a decimal number with a binary suffix (`Gi`), a decimal one
 * (`M`, `m`) or an exponent (`2e9`). Values are bytes or cores; sums beyond 2^53 lose their last digits, which no
 * size that we compare comes near.
 */
const quantityPattern = /^(?!$)([+-]?[0-9]*\.?[0-9]*)(?:([EPTGMK]i)|([numkMGTPE])|[eE]([+-]?[0-9]+))?$/;

/** Where quantities with a binary suffix end, but for the last byte. */
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
  if (binary !== undefined) return clamped(Number(digits) * (binaryFactors[binary] ?? 1), largest);
  const power = decimal === undefined ? Number(exponent ?? 0) : (decimalExponents[decimal] ?? 0);
  // Through the number's own text: 100 * 1e-3 is 0.1 only by luck, Number('100e-3') always.
  return clamped(Number(`${digits}e${power}`), Number.MAX_VALUE);
}

function clamped(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

const decimalSuffixes: ReadonlyMap<number, string> = new Map([
  [0, ''],
  ...Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix] as const),
]);

const mostDigits = 100;

/** The smallest step of a quantity, and of one in `resources`, which the apiserver rounds up to (SetDefaults_ResourceList). */
const nano = -9;
const milli = -3;

/**
 * As the apiserver writes a quantity back (apimachinery, Quantity.CanonicalizeBytes): `0.5` is `500m`, `1024Mi` `1Gi`, `1000` `1k`.
 * The text itself where it is no quantity, which the apiserver refuses.
 */
export function canonicalQuantity(text: string, precision: 'nano' | 'milli' = 'nano'): string {
  const match = quantityPattern.exec(text);
  if (match === null) return text;
  const [, digits = '', binary, decimal, exponent] = match;
  const [whole = '', fraction = ''] = digits.replace(/^[+-]/, '').split('.');
  const power = (decimal === undefined ? Number(exponent ?? 0) : (decimalExponents[decimal] ?? 0)) - fraction.length;
  // No size has so many digits, and a number that had them would be written out here.
  if (Math.abs(power) > mostDigits) return text;
  const factor = BigInt(binary === undefined ? 1 : (binaryFactors[binary] ?? 1));
  const step = precision === 'nano' ? nano : milli;
  const steps = scaled(BigInt(whole + fraction) * factor, power - step) * 10n ** BigInt(step - nano);
  if (steps === 0n) return '0';
  const sign = digits.startsWith('-') ? '-' : '';
  const one = 10n ** BigInt(-nano);
  if (binary !== undefined && steps >= 1024n * one && steps % one === 0n) return `${sign}${base1024(steps / one)}`;
  return `${sign}${base1000(steps, exponent !== undefined)}`;
}

/** `value` times ten to `power`, rounded up. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

function base1024(value: bigint): string {
  const suffixes = ['', ...Object.keys(binaryFactors)];
  let [rest, times] = [value, 0];
  while (rest % 1024n === 0n && times < suffixes.length - 1) [rest, times] = [rest / 1024n, times + 1];
  return `${rest}${suffixes[times] ?? ''}`;
}

/** Of so many nanos. */
function base1000(value: bigint, asExponent: boolean): string {
  let [rest, power] = [value, nano];
  while (rest % 1000n === 0n && power < 18) [rest, power] = [rest / 1000n, power + 3];
  if (!asExponent) return `${rest}${decimalSuffixes.get(power) ?? ''}`;
  return power === 0 ? String(rest) : `${rest}e${power}`;
}

const fromLargest = Object.entries(binaryFactors).toReversed();

/** Bytes as text with the largest binary suffix that holds them exactly: 21474836480 is `20Gi`, 1536 is `1536`. */
export function formatQuantity(bytes: number): string {
  const whole = Math.ceil(bytes);
  const suffix = fromLargest.find(([, factor]) => whole >= factor && whole % factor === 0);
  return suffix === undefined ? whole.toString() : `${whole / suffix[1]}${suffix[0]}`;
}
