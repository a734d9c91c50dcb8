/**
 * A key or token out of the environment (a Secret in a pod); undefined where it is not there or empty.
 * @throws on what no header can hold: a file with a line break at its end becomes such a Secret.
 */
export function keyVariable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name];
  if (value === undefined || value === '') {
    return undefined;
  }
  if (/\s/.test(value)) {
    const where = /\s$/.test(value) ? 'ends with white space or a line break' : 'has white space in it';
    throw new Error(
      `${name} ${where}; wanted the bare key: kubectl create secret generic NAME --from-literal=${name}=…`,
    );
  }
  return value;
}
