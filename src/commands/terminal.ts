import { styleText } from 'node:util';
import { exitCode } from './exit-code.ts';
import { shownOnTerminal } from './shown-on-terminal.ts';

/** Where a command writes. Results go to `out`, reports to `report`; the lines carry their own line ends. */
export interface Terminal {
  out(text: string): void;
  report(text: string): void;
  /** Colours for `out` and for `report`; plain where that is no terminal, or NO_COLOR is set. */
  readonly outColour: Colour;
  readonly reportColour: Colour;
}

export type Style = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

export type Colour = (style: Style, text: string) => string;

export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `pgusher … | head`: who reads has gone, so there is nobody left to tell.
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      // A full disk, a directory that went away. What was printed is not whole, so this is no success.
      if (stream === process.stdout) process.stderr.write(`standard output: ${error.message}\n`);
      process.exit(exitCode.usage);
    });
  }
  return {
    out: (text) => process.stdout.write(process.stdout.isTTY ? shownOnTerminal(text) : text),
    report: (text) => process.stderr.write(process.stderr.isTTY ? shownOnTerminal(text) : text),
    outColour: (style, text) => styleText(style, text, { stream: process.stdout }),
    reportColour: (style, text) => styleText(style, text, { stream: process.stderr }),
  };
}
