/** Today as exemptions and escapes count days: the ISO date of UTC. */
export function utcDay(): string {
  return new Date().toISOString().slice(0, 10);
}
