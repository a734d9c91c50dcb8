/**
 * As a container runtime sees a path: from the root, without doubled slashes, `.`, `..` and a slash at the end.
 * `..` at the root stays there.
 */
export function normalisePath(path: string): string {
  if (isNormal(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Nearly every path in a manifest is; taking it apart would be what reading a workload spends most time on. */
function isNormal(path: string): boolean {
  return path.startsWith('/') && !path.includes('//') && !path.includes('/.') && (path === '/' || !path.endsWith('/'));
}

/** Whether `path` is `folder` or lies in it, part by part: `/data2` is not in `/data`. Both normalised. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}
