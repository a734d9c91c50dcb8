import { z } from 'zod';
import { defaultConfiguration } from './configuration.ts';

/** YAML has numbers and booleans where an annotation would have text: `backup-keep: 7`. */
const settingText = z.union([z.string(), z.number(), z.boolean()], { error: 'text' }).transform(String);

const isoDate = z.iso.date({ error: 'a date such as 2027-01-31' }).describe('The last day on which it counts.');

/** Each its own: what is said of one in the JSON Schema would be said of all. */
const nonEmpty = () => z.string({ error: 'text' }).min(1, { error: 'text that is not empty' });

const modes = z
  .record(z.string(), z.enum(['enforce', 'warn', 'off'], { error: 'enforce, warn or off' }), {
    error: 'a map from check to mode',
  })
  .default({})
  .describe(
    'What becomes of a finding, by check: refused, warned about, or not looked for. docs/checks.md lists them.',
  );

const exemption = z.strictObject(
  {
    check: nonEmpty().describe('Which check; docs/checks.md lists them.'),
    namespace: nonEmpty(),
    name: nonEmpty().optional().describe('One StatefulSet; without it all of the namespace.'),
    reason: nonEmpty().describe('Stands in the warning that takes the place of the refusal.'),
    until: isoDate,
  },
  { error: 'an exemption: check, namespace, name, reason, until' },
);

/** The form of the config file; config.ts asks for more. `pgusher config schema` prints it, with what the tables of settings and checks say. */
export const configurationSchema = z.strictObject(
  {
    settings: z
      .record(z.string(), settingText, { error: 'a map from setting to value' })
      .default({})
      .describe(
        'Annotations of docs/settings.md without their prefix, for all sets. A namespace or a StatefulSet may say otherwise.',
      ),
    checks: z
      .strictObject(
        {
          modes,
          exemptions: z
            .array(exemption, { error: 'a list of exemptions' })
            .default([])
            .describe('What is warned about in one namespace instead of refused, up to a day.'),
          'storage-classes': z
            .array(nonEmpty(), { error: 'a list of names of storage classes' })
            .min(1, { error: 'at least one name, or no list where all are allowed' })
            .optional()
            .describe('The storage classes that volumes of managed sets may be of; all without it.'),
        },
        { error: 'a map of modes, exemptions, storage-classes' },
      )
      .default({ modes: {}, exemptions: [] }),
    'with-rollout': z
      .boolean({ error: 'true or false' })
      .default(defaultConfiguration.withRollout)
      .describe('Render the injected parts anew where a change of the set restarts its pods anyway (docs/pinning.md).'),
    'secret-names': z
      .boolean({ error: 'true or false' })
      .default(defaultConfiguration.secretNames)
      .describe(
        'Look for the names of Secrets, with the right of manifests/components/secret-names (docs/install.md).',
      ),
    'log-level': z
      .enum(['debug', 'info', 'warn', 'error'], { error: 'debug, info, warn or error' })
      .default(defaultConfiguration.logLevel)
      .describe('What the webhook logs.'),
    'drain-seconds': z
      .int({ error: 'whole seconds from 0 to 120' })
      .min(0, { error: 'whole seconds from 0 to 120' })
      .max(120, { error: 'whole seconds from 0 to 120' })
      .default(defaultConfiguration.drainAnnounce / 1000)
      .describe('How long a webhook that stops goes on answering; read when it starts.'),
  },
  { error: 'a map of settings, checks, with-rollout, secret-names, log-level, drain-seconds' },
);
