import { bundles } from './bundles.ts';
import { clock } from './clock.ts';
import { configurations } from './configurations.ts';
import type { DoctorFacts } from './doctor-facts.ts';
import { endpoints } from './endpoints.ts';
import type { DoctorFinding, Examination } from './examination.ts';
import { kubernetesVersion } from './kubernetes-version.ts';
import { accountRights, ownRights } from './rights.ts';
import { roundTrip } from './round-trip.ts';
import { servedCertificate } from './served-certificate.ts';
import { service } from './service.ts';
import { sets } from './sets.ts';
import { versions } from './versions.ts';

/** In the order in which a request takes its way: what stands first is the cause of what comes later. */
export const examinations: readonly Examination[] = [
  kubernetesVersion,
  clock,
  configurations,
  bundles,
  service,
  endpoints,
  servedCertificate,
  roundTrip,
  accountRights,
  ownRights,
  versions,
  sets,
];

export function examineAll(facts: DoctorFacts): readonly DoctorFinding[] {
  return examinations.flatMap((one) => one.examine(facts).map((judged) => ({ examination: one.id, ...judged })));
}
