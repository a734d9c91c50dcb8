import { expect, test } from 'vitest';
import { nextBackups } from '../../src/commands/next-backups.ts';
import { managedSet } from '../support/review.ts';
import { readPostgresWorkload } from '../../src/workload/read-postgres-workload.ts';
import { readSettings } from '../../src/workload/read-settings.ts';
import type { ManifestObject } from '../../src/commands/manifest-objects.ts';

function rows(annotations: Readonly<Record<string, string>>) {
  const statefulset = Object.fromEntries(
    Object.entries(annotations).map(([name, text]) => [`postgres.io/${name}`, text]),
  );
  const workload = readPostgresWorkload(
    managedSet({ annotations: statefulset }),
    readSettings({ statefulset }),
    'shop',
  );
  const where = { namespace: 'shop', name: 'orders' } as ManifestObject;
  return nextBackups(workload, where, new Date('2027-03-26T12:00:00Z'));
}

test('the next three, by the clocks of the zone and in UTC, across a change of clocks', () => {
  expect(rows({ 'backup-schedule': '30 2 * * *', 'backup-time-zone': 'Europe/Berlin' })).toEqual([
    ['Sat 2027-03-27 02:30 Europe/Berlin', '2027-03-27T01:30Z'],
    // The hour that is skipped: when the clocks go on.
    ['Sun 2027-03-28 03:00 Europe/Berlin', '2027-03-28T01:00Z'],
    ['Mon 2027-03-29 02:30 Europe/Berlin', '2027-03-29T00:30Z'],
  ]);
});

test('the schedule that follows from the names has them as well; without backups there are none', () => {
  expect(rows({})).toHaveLength(3);
  expect(rows({ backup: 'off' })).toEqual([]);
});
