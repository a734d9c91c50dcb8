import { daysText } from './days-text.ts';
import type { DoctorFacts, Served } from './doctor-facts.ts';
import { ok, unseen } from './examination.ts';
import type { Examination, Judged } from './examination.ts';

/** Milliseconds: as the alert PgusherCertificateNearItsEnd. */
const week = 7 * 24 * 3_600_000;

export const servedCertificate: Examination = {
  id: 'certificate',
  examine: (facts) => facts.served.map((served) => judge(served, facts)),
};

function judge({ from, certificate }: Served, { now }: DoctorFacts): Judged {
  const renew = 'pgusher certificates';
  switch (certificate.kind) {
    case 'absent':
      return {
        verdict: 'warning',
        seen: `${from} does not say when its certificate ends`,
        wanted: 'a webhook of this version',
      };
    case 'forbidden':
    case 'failed':
      return unseen(`the certificate of ${from}`, certificate);
    case 'known': {
      const { ends, distrust } = certificate.value;
      if (ends <= now) {
        return {
          verdict: 'fault',
          seen: `the certificate of ${from} ended ${daysText(now - ends)} ago`,
          wanted: 'a new one',
          type: renew,
        };
      }
      if (distrust !== undefined && distrust !== null) {
        return {
          verdict: 'fault',
          seen: `the caBundle does not verify the certificate of ${from} (${distrust})`,
          wanted:
            'the authority that signed it in the caBundle, and the name that is asked in the certificate: docs/install.md',
          type: renew,
        };
      }
      const left = `the certificate of ${from} is good for ${daysText(ends - now)}`;
      return ends - now < week
        ? { verdict: 'warning', seen: left, wanted: 'it renewed before: what renews it has not', type: renew }
        : ok(left);
    }
  }
}
