import { pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One line of a log: JSON, `level` in words, `time` in ISO 8601. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  setLevel(level: LogLevel): void;
  /** Writes out what is kept back. */
  flush(): void;
}

/**
 * Lines are gathered up to this size or for a fifth of a second, and then written at once: a write per line costs as much as the rest of the
 * line. Written synchronously, so that a reader who is slower than us slows us down and does not fill our memory.
 */
const gathered = 8 * 1024;
const flushInterval = 200;

/** Where nobody takes the lines any more (a full disk, a closed pipe), this much is kept and the rest is dropped. */
const mostKept = 1024 * 1024;

/**
 * `descriptor` 1 is stdout. The fields are the caller's business: never an object of the cluster, never an environment. pino's destination
 * and its form of an error; the line itself is one JSON.stringify, a third of the time of pino's own, which goes by single fields.
 */
export function createLog(level: LogLevel, descriptor = 1): Log {
  const destination = pino.destination({
    dest: descriptor,
    sync: true,
    minLength: gathered,
    maxLength: mostKept,
    periodicFlush: flushInterval,
  });
  // A log that cannot be written is no reason to refuse a StatefulSet: without a listener the process would end here.
  destination.on('error', () => undefined);
  let least = levels.indexOf(level);
  const write = (of: LogLevel, fields: Readonly<Record<string, unknown>>, message: string): void => {
    if (levels.indexOf(of) < least) return;
    const line = { level: of, time: new Date().toISOString(), ...fields, msg: message };
    destination.write(`${JSON.stringify(line)}\n`);
  };
  return {
    debug: (fields, message) => {
      write('debug', fields, message);
    },
    info: (fields, message) => {
      write('info', fields, message);
    },
    warn: (fields, message) => {
      write('warn', fields, message);
    },
    error: ({ err, ...fields }, message) => {
      write(
        'error',
        err instanceof Error ? { ...fields, err: pino.stdSerializers.err(err) } : { ...fields, err },
        message,
      );
    },
    setLevel: (next) => {
      least = levels.indexOf(next);
    },
    flush: () => {
      destination.flushSync();
    },
  };
}
