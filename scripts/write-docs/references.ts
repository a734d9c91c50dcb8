/** What the header of a check cites, in the order cited, each once; issues as links. */
export function references(source: string): readonly string[] {
  const comments = source.match(/\/\*\*[^]*?\*\//g)?.join('\n') ?? '';
  // A citation may be broken over two lines of its comment.
  const text = comments.replaceAll(/\s*\n\s*\*\s*/g, ' ');
  const found = [...text.matchAll(citation)].map(([cited, repository, issue]) =>
    repository === undefined || issue === undefined ? cited : link(repository, issue),
  );
  return [...new Set(found)];
}

const citation =
  /(?:PostgreSQL )?manual,? (?:section )?\d+(?:\.\d+)+|([a-z-]+(?:\/[a-z-]+)?)#(\d+)|Kubernetes(?: documentation)?, "[^"]+"|initdb\(1\)|pg_isready\(1\)|capabilities\(7\)/g;

/** `kubernetes#64023` is that of the project itself. */
function link(repository: string, issue: string): string {
  const path = repository.includes('/') ? repository : `${repository}/${repository}`;
  return `[${repository}#${issue}](https://github.com/${path}/issues/${issue})`;
}
