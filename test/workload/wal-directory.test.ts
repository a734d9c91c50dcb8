import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/workload/environment.ts';
import { walDirectoryOfArguments } from '../../src/workload/initdb-arguments.ts';
import { readWalDirectory } from '../../src/workload/wal-directory.ts';
import { walSpellings } from '../support/wal-spellings.ts';

const none = readEnvironment({});

describe('the place of the WAL', () => {
  it.each(walSpellings)('in %j is %j', (text, expected) => {
    expect(walDirectoryOfArguments(text, none)).toBe(expected ?? undefined);
  });

  it('knows the variables that the entrypoint expands', () => {
    const environment = readEnvironment({ env: [{ name: 'WAL', value: '/pgwal' }] });
    expect(walDirectoryOfArguments('--waldir="${WAL}/wal" -k', environment)).toBe('/pgwal/wal');
    expect(walDirectoryOfArguments('-X $WAL', environment)).toBe('/pgwal');
    expect(walDirectoryOfArguments('-X $ELSE', environment)).toBe('$ELSE');
  });

  it('is what POSTGRES_INITDB_WALDIR says where both speak, after the references of the kubelet', () => {
    const env = [
      { name: 'BASE', value: '/pgwal/' },
      { name: 'POSTGRES_INITDB_ARGS', value: '-X /other' },
      { name: 'POSTGRES_INITDB_WALDIR', value: '$(BASE)wal/' },
    ];
    expect(readWalDirectory(readEnvironment({ env }), [])).toEqual({
      path: '/pgwal/wal',
      variable: 'POSTGRES_INITDB_WALDIR',
      mount: undefined,
    });
    expect(readWalDirectory(readEnvironment({ env: env.slice(0, 2) }), [])?.path).toBe('/other');
  });

  it('is PGDATA where the path is none that initdb takes', () => {
    const env = [{ name: 'POSTGRES_INITDB_WALDIR', value: 'pgwal' }];
    expect(readWalDirectory(readEnvironment({ env }), [])).toBeUndefined();
  });
});
