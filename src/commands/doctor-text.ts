import type { DoctorFinding } from '../doctor/examination.ts';
import { count } from './count-text.ts';
import type { Colour, Style } from './terminal.ts';

const styles: Readonly<Record<DoctorFinding['verdict'], Style>> = { ok: 'green', warning: 'yellow', fault: 'red' };

/** A line for each finding: verdict, examination, what was seen; what is wanted: what to type. */
export function doctorText(findings: readonly DoctorFinding[], colour: Colour): string {
  const width = Math.max(0, ...findings.map(({ examination }) => examination.length));
  const lines = findings.map(({ verdict, examination, seen, wanted, type }) => {
    const words = `${seen}${wanted === undefined ? '' : `; wanted ${wanted}`}${type === undefined ? '' : `: ${type}`}`;
    return `${colour(styles[verdict], verdict.padEnd(7))}  ${examination.padEnd(width)}  ${words}\n`;
  });
  const faults = findings.filter(({ verdict }) => verdict === 'fault').length;
  const warnings = findings.filter(({ verdict }) => verdict === 'warning').length;
  const sum =
    faults + warnings === 0
      ? colour('green', 'all is well')
      : colour(faults > 0 ? 'red' : 'yellow', `${count(faults, 'fault')}, ${count(warnings, 'warning')}`);
  return `${lines.join('')}${sum}\n`;
}
