/**
 * The oldest Node that has what is used: numbers kept as text (JSON.rawJSON), Map.groupBy, methods of sets; and that the client of
 * Kubernetes runs on. A checkout and the image bring theirs, the npm package takes the one on PATH.
 */
const oldest = { major: 22, minor: 19 } as const;

/** What to say of this version of Node; undefined where it will do. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `the node on PATH is ${version}; wanted ${oldest.major}.${oldest.minor} or newer. Install it, or take a checkout, which brings its own.`;
}
