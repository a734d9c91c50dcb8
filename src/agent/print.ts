/** Where a command that a person runs writes: results and complaints, a line at a time. */
export interface Print {
  out(line: string): void;
  error(line: string): void;
}
