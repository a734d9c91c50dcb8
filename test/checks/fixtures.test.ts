import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkFixtures, deletionFixtures, judge, judgeDeletion } from './check-fixture.ts';

const fixtures = [
  ...checkFixtures().map((fixture) => ({ ...fixture, findings: judge(fixture) })),
  ...deletionFixtures().map((fixture) => ({ ...fixture, findings: judgeDeletion(fixture) })),
];

describe.each(fixtures)('$check: $name', (fixture) => {
  const { findings } = fixture;
  const own = findings.filter(({ check }) => check === fixture.check);

  if (fixture.name.startsWith('accepts-')) {
    test('has nothing found in it', () => {
      expect(findings).toEqual([]);
    });
    return;
  }

  test('is judged as its name says', () => {
    const severities = new Set(own.map(({ severity }) => severity));
    expect([...severities]).toEqual([fixture.name.startsWith('rejects-') ? 'deny' : 'warn']);
  });

  test('gives exactly its verdict', async () => {
    await expect(stringify(findings, { lineWidth: 0 })).toMatchFileSnapshot(
      join(fixture.folder, `${fixture.name}.verdict.yaml`),
    );
  });

  test('has messages that a person and a header can carry', () => {
    for (const { message, field } of findings) {
      expect(`${field} ${message}`).not.toMatch(/\p{Cc}/u);
      expect(message).toMatch(/; wanted /);
    }
  });
});

/** kubectl prints about 120 characters of a warning, the check's name among them (see admission/warnings.ts). */
test('a warning says what is wanted before it is cut', () => {
  const warnings = fixtures
    .flatMap(({ findings }) => findings)
    .filter(({ severity, message }) => severity === 'warn' && !/^(allowed by|was so before)/.test(message));
  const late = warnings
    .map(({ check, message }) => `${check}: ${message}`)
    .filter((text) => text.indexOf('; wanted ') > 105);
  expect(late).toEqual([]);
});

test('no verdict repeats a password', () => {
  const texts = fixtures.flatMap(({ findings }) => findings.map(({ message }) => message));
  expect(texts.filter((text) => /admin123|hoard_pass|testpsw|not-a-real-key|hidden/.test(text))).toEqual([]);
});
