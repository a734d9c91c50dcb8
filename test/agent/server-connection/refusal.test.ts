import { describe, expect, it } from 'vitest';
import { adviceOn, withAdvice } from '../../../src/agent/server-connection/refusal.ts';

const caller = { user: 'own"er', hasPassword: true, senders: 6 };

describe('what to write where the server lets nobody in', () => {
  it.each([
    // The names in the texts are the same in every language; the code is the same in all.
    ['28000', 'kein pg_hba.conf-Eintrag für Host »127.0.0.1«, keine Verschlüsselung', /two lines above all others/],
    ['28000', 'role "x" does not exist', /POSTGRES_USER to be a superuser/],
    ['28P01', 'Passwort-Authentifizierung fehlgeschlagen', /user and password that the server has/],
    [null, 'FATAL: number of requested standby connections exceeds max_wal_senders (currently 3)', /of 6 or more/],
    ['53300', 'sorry, too many clients already', /a free connection/],
    ['3D000', 'database "template1" does not exist', /a database postgres or template1/],
    ['42501', 'must be superuser or replication role to start walsender', /own"er to be a superuser/],
  ])('%s, %s', (code, message, advice) => {
    expect(adviceOn({ code, message }, caller)).toMatch(advice);
  });

  it('is nothing where nothing is known, and the words stay', () => {
    expect(withAdvice('disk on fire', adviceOn({ code: 'XX000', message: 'disk on fire' }, caller))).toBe(
      'disk on fire',
    );
  });

  it('quotes the name as pg_hba.conf has it, and asks for no password that is not there', () => {
    const refusal = { code: '28000', message: 'no pg_hba.conf entry for host "127.0.0.1"' };
    expect(adviceOn(refusal, caller)).toContain('host all "own""er" 127.0.0.1/32 scram-sha-256');
    expect(adviceOn(refusal, { ...caller, hasPassword: false })).toContain(
      'host replication "own""er" 127.0.0.1/32 trust',
    );
    expect(
      adviceOn(
        { code: null, message: 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string' },
        { ...caller, hasPassword: false },
      ),
    ).toMatch(/POSTGRES_PASSWORD from a Secret/);
  });
});
