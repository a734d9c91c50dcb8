import { expect, test } from 'vitest';
import { parameterUnknown } from '../../src/checks/parameters/parameter-unknown.ts';
import { knownMajors, parameterNames, readOnlyParameters } from '../../src/workload/parameter-names.ts';
import { onCreation, workloadOf } from './check-fixture.ts';

function findings(image: string, args: readonly string[]): readonly string[] {
  const containers = [{ name: 'postgres', image, args: [...args] }];
  const workload = workloadOf({ spec: { template: { spec: { containers } } } });
  return (parameterUnknown.examine?.(workload, onCreation) ?? []).map(({ message }) => message);
}

test.each(knownMajors)('all that PostgreSQL %i has is taken, in any case and with dashes', (major) => {
  const names = Object.keys(parameterNames).filter((name) => {
    const majors = parameterNames[name] ?? '';
    return majors === 'all' || majors.split(' ').includes(String(major));
  });
  expect(names.length).toBeGreaterThan(300);
  const args = names.flatMap((name) => ['-c', `${name.toUpperCase()}=on`, `--${name.replaceAll('_', '-')}=on`]);
  expect(findings(`postgres:${major}.1-trixie`, args)).toEqual([]);
});

test('what a server only shows is in no list of what can be set, for any major', () => {
  const both = Object.keys(readOnlyParameters).filter((name) => Object.hasOwn(parameterNames, name));
  expect(both).toEqual([]);
});

test('names of the prototype are no parameters', () => {
  expect(findings('postgres:17.6-bookworm', ['-c', 'constructor=1', '-c', '__proto__=1'])).toHaveLength(2);
});
