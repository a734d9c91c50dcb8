import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/admission/admission.ts';
import { answerTo, mutationRest, validationRest } from '../../src/admission/response.ts';
import { toWarning, toWarnings } from '../../src/admission/warnings.ts';
import type { Finding } from '../../src/checks/check.ts';

const verdict: Outcome = {
  decision: 'rendered',
  reason: 'create',
  allowed: true,
  findings: [],
  operations: [],
  reasons: [],
  warnings: [],
  revision: undefined,
};
const mutation = (uid: string, outcome: Outcome): string => answerTo(uid, mutationRest(outcome));
const validation = (uid: string, outcome: Outcome): string => answerTo(uid, validationRest(outcome));

const emptyDir: Finding = {
  check: 'pgdata-emptydir',
  severity: 'deny',
  field: 'spec.template.spec.volumes[data].emptyDir',
  message: 'PGDATA is on an emptyDir; wanted a claim.',
};
const latest: Finding = {
  check: 'image-latest',
  severity: 'warn',
  field: 'image',
  message: 'the tag moves; wanted 17.6.',
};

describe('answers', () => {
  test('allowed as it is: no patch and no patchType', () => {
    expect(mutation('u-1', { ...verdict, decision: 'unchanged', reason: 'inputs unchanged' })).toBe(
      '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true,' +
        '"auditAnnotations":{"decision":"unchanged","reason":"inputs unchanged"}}}',
    );
  });

  test('patched: base64 of the operations, warnings, revision and findings', () => {
    const operations = [{ op: 'add', path: '/metadata/labels/grüße', value: 'ä' }] as const;
    const answer: unknown = JSON.parse(
      mutation('u', {
        ...verdict,
        operations,
        findings: [latest],
        warnings: ['restarts the pods'],
        revision: '1f',
      }),
    );
    expect(answer).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u',
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from('[{"op":"add","path":"/metadata/labels/grüße","value":"ä"}]').toString('base64'),
        warnings: ['restarts the pods', 'image-latest: the tag moves; wanted 17.6.'],
        auditAnnotations: { decision: 'rendered', reason: 'create', revision: '1f', findings: 'warn:image-latest' },
      },
    });
  });

  test('denied: every finding in one message, the first line short', () => {
    const findings = [emptyDir, { ...emptyDir, check: 'trust-auth', message: 'anybody may log in.' }, latest];
    const denied: Outcome = { ...verdict, decision: 'denied', reason: 'x', allowed: false, findings };
    expect(JSON.parse(mutation('u', denied))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u',
        allowed: false,
        status: {
          status: 'Failure',
          message:
            '2 problems: pgdata-emptydir, trust-auth\n' +
            '- [pgdata-emptydir] spec.template.spec.volumes[data].emptyDir: PGDATA is on an emptyDir; wanted a claim.\n' +
            '    spec:\n' +
            '      volumeClaimTemplates:\n' +
            '        - metadata:\n' +
            '            name: <name of the mount>\n' +
            '          spec:\n' +
            '            accessModes: [ReadWriteOnce]\n' +
            '            resources:\n' +
            '              requests:\n' +
            '                storage: <size>\n' +
            '  Allow it: postgres.io/allow-pgdata-emptydir: "<reason>"\n' +
            '  Why: docs/checks.md#pgdata-emptydir\n' +
            '- [trust-auth] spec.template.spec.volumes[data].emptyDir: anybody may log in.\n' +
            '  Allow it: postgres.io/allow-trust-auth: "<reason>"\n' +
            '  Why: docs/checks.md#trust-auth',
          reason: 'Forbidden',
          code: 403,
        },
        warnings: ['image-latest: the tag moves; wanted 17.6.'],
        auditAnnotations: {
          decision: 'denied',
          reason: 'x',
          findings: 'deny:pgdata-emptydir,deny:trust-auth,warn:image-latest',
        },
      },
    });
    expect(validation('u', denied)).toBe(mutation('u', denied));
  });

  test('one problem, and more kinds of problem than fit in a line', () => {
    const of = (count: number): string => {
      const findings = Array.from({ length: count }, (_, index) => ({ ...emptyDir, check: `c${String(index)}` }));
      const answer = mutation('u', { ...verdict, allowed: false, findings });
      return /"message":"(.*?)\\n/.exec(answer)?.[1] ?? '';
    };
    expect(of(1)).toBe('1 problem: c0');
    expect(of(7)).toBe('7 problems: c0, c1, c2, c3, c4, …');
  });

  test('/validate never sends a patch', () => {
    const operations = [{ op: 'remove', path: '/a' }] as const;
    expect(validation('u', { ...verdict, operations })).not.toContain('patch');
  });

  test('whatever is in uid, reason and texts, the answer is JSON with that uid', () => {
    const any = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(any, any, fc.array(any), fc.boolean(), (uid, reason, texts, allowed) => {
        const findings = texts.map((message) => ({ ...emptyDir, message }));
        const answer: unknown = JSON.parse(mutation(uid, { ...verdict, reason, allowed, findings, warnings: texts }));
        expect(answer).toMatchObject({ response: { uid, allowed } });
      }),
    );
  });
});

describe('warnings', () => {
  test.each([
    ['a line\nbreak\tand a bell\u0007', 'a line break and a bell'],
    ['  spaces   run  together  ', 'spaces run together'],
    ['a lone \ud800 surrogate', 'a lone \ufffd surrogate'],
    ['x'.repeat(120), 'x'.repeat(120)],
    ['x'.repeat(121), `${'x'.repeat(119)}…`],
    [`${'x'.repeat(110)} word and more`, `${'x'.repeat(110)} word…`],
    ['🐘'.repeat(121), `${'🐘'.repeat(119)}…`],
  ])('%j becomes %j', (text, warning) => {
    expect(toWarning(text)).toBe(warning);
  });

  test('no text gives a control character or more than 120 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const warning = toWarning(text);
        expect(warning).not.toMatch(/\p{Cc}/u);
        expect(warning.isWellFormed()).toBe(true);
        expect(Array.from(warning).length).toBeLessThanOrEqual(120);
      }),
    );
  });

  test('each is said once, denials are not among them', () => {
    expect(toWarnings(['restarts the pods', 'restarts  the pods'], [emptyDir, latest, latest])).toEqual([
      'restarts the pods',
      'image-latest: the tag moves; wanted 17.6.',
    ]);
  });

  test('more than ten end in a count', () => {
    const many = Array.from({ length: 14 }, (_, index) => `w${String(index)}`);
    const warnings = toWarnings(many, []);
    expect(warnings).toHaveLength(10);
    expect(warnings.at(-1)).toBe('5 more warnings; "pgusher check" prints all of them');
    expect(toWarnings(many.slice(0, 10), [])).toEqual(many.slice(0, 10));
  });
});
