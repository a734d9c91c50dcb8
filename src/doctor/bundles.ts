import { entriesOf } from './entries.ts';
import { ok } from './examination.ts';
import type { Examination, Judged } from './examination.ts';
import { daysText } from './days-text.ts';

/**
 * Each webhook has a bundle of its own. Of one that fails open (scale, delete, claims, kinds) nobody hears when it is wrong: the
 * apiserver goes on without asking.
 */
export const bundles: Examination = {
  id: 'bundles',
  examine: (facts) => {
    const entries = entriesOf(facts);
    const first = entries.find(({ bundle }) => bundle.kind === 'certificates');
    const found = entries.flatMap(({ configuration, name, target, bundle }): readonly Judged[] => {
      const where = `${name} in ${configuration}`;
      switch (bundle.kind) {
        case 'none':
          return target.kind === 'url' ? [] : [{ ...again, seen: `${where} has no caBundle` }];
        case 'unreadable':
          return [{ ...again, seen: `the caBundle of ${where} is no certificate (${bundle.reason})` }];
        case 'certificates':
          if (bundle.ends <= facts.now) {
            return [
              {
                ...again,
                seen: `the authority in the caBundle of ${where} ended ${daysText(facts.now - bundle.ends)} ago`,
              },
            ];
          }
          return first?.bundle.kind === 'certificates' && first.bundle.text !== bundle.text
            ? [
                {
                  ...again,
                  seen: `the caBundle of ${where} is another than that of ${first.name} in ${first.configuration}`,
                },
              ]
            : [];
      }
    });
    return found.length === 0 && entries.length > 0
      ? [ok(`all ${String(entries.length)} webhooks have the same authority, which is valid`)]
      : found;
  },
};

const again = {
  verdict: 'fault',
  wanted: 'the authority that signed the certificate of the webhook. Who writes it, and what is there',
  type: 'pgusher certificates',
} as const;
