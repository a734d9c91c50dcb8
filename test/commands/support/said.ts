import type { Terminal } from '../../../src/commands/terminal.ts';

/** A terminal without colours that keeps what was written. */
export interface Said {
  readonly terminal: Terminal;
  out: string;
  report: string;
}

export function saidTerminal(): Said {
  const plain = (_style: string, text: string): string => text;
  const said: Said = {
    out: '',
    report: '',
    terminal: {
      out: (text) => {
        said.out += text;
      },
      report: (text) => {
        said.report += text;
      },
      outColour: plain,
      reportColour: plain,
    },
  };
  return said;
}
