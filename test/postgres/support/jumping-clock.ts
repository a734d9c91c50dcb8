import { readFileSync } from 'node:fs';

/**
 * Preloaded (`node --import`) into the agent: the time of day is wrong by as many milliseconds as CLOCK_OFFSET_FILE says,
 * read anew each time. What goes by a clock that cannot be set (performance.now, timers) is left alone, as the kernel does.
 */
const RealDate = Date;
const file = process.env['CLOCK_OFFSET_FILE'] ?? '';

function now(): number {
  return RealDate.now() + Number(readFileSync(file, 'utf8'));
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parts: unknown[], newTarget) =>
    Reflect.construct(target, parts.length === 0 ? [now()] : parts, newTarget) as object,
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});
