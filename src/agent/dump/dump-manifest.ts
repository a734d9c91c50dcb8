import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../store/durable-file.ts';
import { storeNames } from '../store/layout.ts';

const file = z.object({
  /** Relative to the folder of the dump. */
  file: z.string().min(1),
  size: z.number(),
  /** Hexadecimal. */
  sha256: z.string(),
});

const database = z.object({
  name: z.string().min(1),
  owner: z.string(),
  encoding: z.string(),
  /** The row of pg_database: what it is made with again. */
  row: z.record(z.string(), z.unknown()),
  /** Bytes in the server when the dump began. */
  size: z.number(),
  startedAt: z.string(),
  finishedAt: z.string(),
});

const schema = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  startedAt: z.string(),
  finishedAt: z.string(),
  server: z.object({ version: z.string(), major: z.number().int(), systemId: z.string().nullable() }),
  /** As `pg_dump --version` says it. */
  client: z.string(),
  archives: z.enum(['directory', 'custom', 'plain']),
  compression: z.enum(['zstd', 'gzip', 'none']),
  snapshot: z.object({
    /** True: every database shows the same transactions as committed, all those that were before `text` and no other. */
    shared: z.boolean(),
    /** Of each database by name, as pg_current_snapshot() gives it, with the LSN and the time. */
    of: z.record(z.string(), z.object({ text: z.string(), lsn: z.string(), at: z.string() })),
    /** Why they do not share one; null where they do. */
    reason: z.string().nullable(),
  }),
  globals: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('dumped'), rolePasswords: z.boolean(), ...file.shape }),
    z.object({ kind: z.literal('failed'), reason: z.string() }),
  ]),
  databases: z.array(
    z.discriminatedUnion('kind', [
      database.extend({ kind: z.literal('dumped'), path: z.string().min(1), files: z.array(file) }),
      database.extend({ kind: z.literal('failed'), reason: z.string() }),
    ]),
  ),
  /** Databases that were not asked for, or cannot be connected to. */
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
});

/** DUMP.json. Written last: a folder without one is no dump. Times are ISO 8601. */
export type DumpManifest = z.infer<typeof schema>;
export type DumpedDatabase = Extract<DumpManifest['databases'][number], { kind: 'dumped' }>;
export type DumpedFile = z.infer<typeof file>;

/** Why a database is not in a dump of a few. */
export const notAskedFor = 'not asked for';

/** Of all databases, whether they could be dumped or not. */
export function isOfAll({ leftOut }: DumpManifest): boolean {
  return leftOut.every(({ reason }) => reason !== notAskedFor);
}

/** Bytes of all files. */
export function storedSizeOf(manifest: DumpManifest): number {
  return filesOf(manifest).reduce((sum, { size }) => sum + size, 0);
}

export function filesOf({ databases, globals }: DumpManifest): readonly DumpedFile[] {
  return [
    ...(globals.kind === 'dumped' ? [globals] : []),
    ...databases.flatMap((one) => (one.kind === 'dumped' ? one.files : [])),
  ];
}

/** What a dump has not, a sentence each; empty where it is whole. */
export function failuresOf({ databases, globals }: DumpManifest): readonly string[] {
  return [
    ...databases.flatMap((one) =>
      one.kind === 'failed' ? [`database ${JSON.stringify(one.name)}: ${one.reason}`] : [],
    ),
    ...(globals.kind === 'failed' ? [`roles and tablespaces: ${globals.reason}`] : []),
  ];
}

/** The manifest, or what is wrong with the text. */
export function parseDumpManifest(text: string): DumpManifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return z.prettifyError(parsed.error).split('\n')[0] ?? 'not the record of a dump';
  const outside = [
    ...filesOf(parsed.data).map((one) => one.file),
    ...parsed.data.databases.flatMap((one) => (one.kind === 'dumped' ? [one.path] : [])),
  ].find((path) => path.startsWith('/') || path.split('/').includes('..'));
  return outside === undefined ? parsed.data : `it names ${outside}, which is outside the dump`;
}

/** @throws where there is none, or none that can be read. */
export async function readDumpManifest(folder: string): Promise<DumpManifest> {
  const path = join(folder, storeNames.dumpManifest);
  const manifest = parseDumpManifest(await readFile(path, 'utf8'));
  if (typeof manifest === 'string') throw new Error(`${path} cannot be read: ${manifest}`);
  return manifest;
}

export async function writeDumpManifest(folder: string, manifest: DumpManifest): Promise<void> {
  await writeDurably(join(folder, storeNames.dumpManifest), `${JSON.stringify(manifest, null, 2)}\n`);
}
