import { z } from 'zod';
import type { AgentReport } from './report.ts';

const time = z.string().min(1);

/** Fields that are not known are passed over: the agent in a pod may be newer than whoever asks. */
const schema = z.object({
  format: z.literal(1),
  agentVersion: z.string(),
  namespace: z.string(),
  set: z.string(),
  startedAt: time,
  safe: z.boolean(),
  reasons: z.array(z.string()),
  server: z.object({
    kind: z.enum(['waiting', 'recovering', 'primary']),
    major: z.number().nullable(),
    systemId: z.string().nullable(),
    timeline: z.number().nullable(),
  }),
  backupWanted: z.boolean(),
  recoverable: z.object({ from: time, to: time.nullable() }).nullable(),
  backups: z.object({
    count: z.number(),
    running: z.boolean(),
    newest: z.object({ id: z.string(), finishedAt: time, verified: z.boolean() }).nullable(),
    nextAt: time.nullable(),
    overdueSince: time.nullable(),
    lastVerification: z.object({ at: time, ok: z.boolean(), id: z.string() }).nullable(),
  }),
  dumps: z
    .object({
      wanted: z.boolean(),
      count: z.number(),
      running: z.boolean(),
      newest: z.object({ id: z.string(), finishedAt: time, storedSize: z.number(), failures: z.number() }).nullable(),
      nextAt: time.nullable(),
      overdueSince: time.nullable(),
    })
    .nullish()
    .transform((value) => value ?? null),
  wal: z.object({
    streaming: z.boolean(),
    lagBytes: z.number(),
    lagSeconds: z.number(),
    slot: z.string(),
    gaps: z.number(),
  }),
  archive: z
    .object({
      lagSeconds: z.number(),
      completeThrough: time.nullable(),
      storeThrough: time.nullable(),
      replayedLsn: z.string(),
    })
    .nullish()
    .transform((value) => value ?? null),
  store: z.object({ free: z.number(), total: z.number() }),
  lastFailure: z.object({ at: time, message: z.string() }).nullable(),
}) satisfies z.ZodType<AgentReport>;

/** Undefined where the text is no report: another program answers there, or an agent of a form that is not known. */
export function readReport(text: string): AgentReport | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
