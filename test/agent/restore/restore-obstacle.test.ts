import { describe, expect, it } from 'vitest';
import { outsideParts } from '../../../src/agent/restore/outside-parts.ts';
import { restoreObstacle } from '../../../src/agent/restore/restore-obstacle.ts';

const places = {
  dataDirectory: '/data/pgdata',
  dataMount: '/data',
  otherMounts: ['/fast', '/fast/deep'],
};
const record = { id: 'b', major: 19, tablespaces: [] };
const at = (location: string): { readonly oid: string; readonly location: string }[] => [{ oid: '16400', location }];

describe('what is in the way of a restore', () => {
  it('is nothing where each tablespace lies on a volume of the pod', () => {
    for (const location of ['/fast', '/fast/orders', '/fast/deep/x', '/data/more']) {
      expect(restoreObstacle({ ...record, tablespaces: at(location) }, places), location).toBeNull();
    }
  });

  it.each(['/faster/orders', '/slow', '/data/pgdata/inside', '/data/pgdata', 'pg_tblspc/16400'])(
    'is a tablespace at %s',
    (location) => {
      expect(restoreObstacle({ ...record, tablespaces: at(location) }, places)).toBe(
        `base backup b holds tablespaces (16400 at ${location}) that lie on no claim that the server's container mounts, so that they are lost with the pod and cannot be put back. ` +
          'Move them to a mounted claim (ALTER TABLE ... SET TABLESPACE), or drop them',
      );
    },
  );

  it('is any tablespace where there is one directory only', () => {
    expect(restoreObstacle({ ...record, tablespaces: at('/fast') }, null)).toContain('into one directory');
  });

  it('is a server that came out after this agent', () => {
    expect(restoreObstacle({ ...record, major: 20 }, places)).toBe(
      'base backup b is of PostgreSQL 20, and this agent knows those up to 19; wanted: an agent image as new as the server (postgres.io/agent-image)',
    );
  });
});

describe('the parts outside PGDATA', () => {
  it('are the WAL where new databases have it, else where it was, and the tablespaces', () => {
    const walDirectory = '/fast/old';
    expect(outsideParts({ tablespaces: [], walDirectory }, { ...places, walDirectory: '/fast/wal' })).toEqual([
      { link: 'pg_wal', location: '/fast/wal' },
    ]);
    expect(outsideParts({ tablespaces: at('/fast/x'), walDirectory }, places)).toEqual([
      { link: 'pg_wal', location: '/fast/old' },
      { link: 'pg_tblspc/16400', location: '/fast/x' },
    ]);
  });

  it('have no WAL where no volume of the pod covers its place', () => {
    expect(outsideParts({ tablespaces: [], walDirectory: '/gone/wal' }, places)).toEqual([]);
    expect(outsideParts({ tablespaces: [] }, places)).toEqual([]);
  });
});
