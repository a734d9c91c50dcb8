import type { DoctorFacts, WebhookEntry } from './doctor-facts.ts';

/** Of both configurations, as far as they are known. */
export function entriesOf({
  mutating,
  validating,
}: Pick<DoctorFacts, 'mutating' | 'validating'>): readonly WebhookEntry[] {
  return [mutating, validating].flatMap((known) => (known.kind === 'known' ? known.value : []));
}

/** Where the webhook is asked by URL, which needs no Service; undefined where it is asked by Service, or not at all. */
export function urlOf(facts: Pick<DoctorFacts, 'mutating' | 'validating'>): string | undefined {
  const entries = entriesOf(facts);
  const urls = entries.flatMap(({ target }) => (target.kind === 'url' ? [target.url] : []));
  return urls.length === entries.length ? urls[0] : undefined;
}
