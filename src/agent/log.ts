import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type Log = Logger;

/**
 * JSON lines on standard output, one format for everything that the agent's container writes. What is logged
 * is named field by field; the contract and the environment never are. The redaction is a second lock on the same door.
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { program: 'pgusher-agent' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['password', '*.password', 'connectionString', '*.connectionString'],
  };
  // Synchronous: a line that explains an exit must be out before it, and there are a few lines a minute.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}
