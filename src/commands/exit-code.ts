/** How every command of pgusher ends; documented in `pgusher --help`. */
export const exitCode = {
  /** Nothing to say, or warnings only. */
  fine: 0,
  /** At least one denial. */
  findings: 1,
  /** The command line or what it names cannot be understood. */
  usage: 2,
  /** A fault of ours. */
  fault: 3,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** What the person at the terminal can put right: an option, a file, a line in it. The first line says what and where. */
export class UsageError extends Error {}
