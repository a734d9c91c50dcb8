/** `PGUSHER_PATIENCE=10`: every wait and every limit in time holds ten times as long, for a machine that others use too. */
export const patience = Number(process.env['PGUSHER_PATIENCE'] ?? '1');

/** kubectl's --timeout. */
export function timeout(seconds: number): string {
  return `--timeout=${Math.ceil(seconds * patience)}s`;
}
