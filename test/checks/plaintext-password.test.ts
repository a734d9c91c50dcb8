import { expect, test } from 'vitest';
import { plaintextPassword } from '../../src/checks/security/plaintext-password.ts';
import { onCreation, workloadOf } from './check-fixture.ts';

function fieldsOf(
  container: Readonly<Record<string, string[] | { name: string; value: string }[]>>,
): readonly string[] {
  const workload = workloadOf({ spec: { template: { spec: { containers: [{ name: 'db', ...container }] } } } });
  return (plaintextPassword.examine?.(workload, onCreation) ?? []).map(({ field }) =>
    field.split('.').slice(4).join('.'),
  );
}

test.each([
  ['POSTGRES_PASSWORD', 'x'],
  ['PGPASSWORD', 'x'],
  ['REPLICATION_PASSWORD', 'x'],
  ['POSTGRESQL_POSTGRES_PASSWORD', 'x'],
  ['postgres_password', 'x'],
  ['AWS_SECRET_ACCESS_KEY', 'x'],
  ['AZURE_STORAGE_KEY', 'x'],
  ['PGBACKREST_REPO1_S3_KEY_SECRET', 'x'],
  ['PGBACKREST_REPO1_CIPHER_PASS', 'x'],
  ['WALG_LIBSODIUM_KEY', 'x'],
  ['POSTGRES_PASSWORD', 'prefix-$(OTHER)'],
  ['PG_ROOT_PWD', 'x'],
  ['DB_PWD', 'x'],
  ['REPL_PW', 'x'],
  ['DB_PASS', 'x'],
  ['MYSQL_PASSWD', 'x'],
  ['APP_CRED', 'admin123'],
  ['APP_TOKEN', 'testpsw'],
  ['SECRET_KEY_BASE', 'ChangeMe'],
  ['BACKUP_CREDENTIALS', 'hoard_pass'],
  ['DATABASE_URL', 'postgres://u:p@h/db'],
  ['DATABASE_URL', 'jdbc:postgresql://h/db?user=u&password=p'],
  ['DSN', "host=h user=u password='p q'"],
  ['CLIENT_URLS', 'amqp://u:$(SECRET)@h redis://:p@h'],
])('env %s=%s is a password in plain text', (name, value) => {
  expect(fieldsOf({ env: [{ name, value }] })).toEqual([`env[${name}].value`]);
});

test.each([
  ['POSTGRES_PASSWORD', ''],
  ['POSTGRES_PASSWORD', '$(FROM_SECRET)'],
  ['POSTGRES_PASSWORD_FILE', '/run/secrets/password'],
  ['ALLOW_EMPTY_PASSWORD', 'yes'],
  ['POSTGRES_INITDB_ARGS', '--pwfile=/run/secrets/password'],
  ['PASSWORD_ENCRYPTION', 'scram-sha-256'],
  ['DATABASE_URL', 'postgres://u@h:5432/db'],
  ['DATABASE_URL', 'postgres://u:$(PASSWORD)@h/db'],
  ['DSN', 'host=h user=u password=$(PASSWORD)'],
  ['LANG', 'de_DE.utf8'],
  ['PWD', '/srv'],
  ['OLDPWD', '/srv'],
  ['APP_CRED', 'file'],
  ['APP_CRED', '$(FROM_SECRET)'],
  ['APP_SECRET_NAME', 'postgres'],
  ['TOKEN_ISSUER', 'example'],
  ['POSTGRES_USER', 'postgres'],
  ['POSTGRES_DB', 'example'],
])('env %s=%s is none', (name, value) => {
  expect(fieldsOf({ env: [{ name, value }] })).toEqual([]);
});

test.each([
  ['PGPASSWORD=p psql -c "select 1"', ['args']],
  ['PGPASSWORD="p" psql', ['args']],
  ['psql postgres://u:p@h', ['args']],
  ['PGPASSWORD=$POSTGRES_PASSWORD psql', []],
  ['PGPASSWORD="$(cat /run/secret)" psql', []],
  ['export PGPASSWORD=`cat /run/secret`', []],
  ['postgres -c password_encryption=scram-sha-256', []],
  ['test -n "$PASSWORD"', []],
])('args "%s"', (word, fields) => {
  expect(fieldsOf({ args: ['-c', word] })).toEqual(fields);
});
