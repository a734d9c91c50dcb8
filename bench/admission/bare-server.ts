import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

/**
 * The ceiling: node:https that reads a body and answers `?size=N` fixed bytes. Runs as a process of its own: `bare-server.ts
 * CERTIFICATE KEY`; prints its port.
 */
const [certificate = '', key = ''] = process.argv.slice(2);
const answers = new Map<string, string>();

function answerOf(url: string): string {
  const known = answers.get(url);
  if (known !== undefined) return known;
  const answer = 'x'.repeat(Number(new URL(url, 'https://localhost').searchParams.get('size')));
  answers.set(url, answer);
  return answer;
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key), keepAliveTimeout: 120_000 });
server.on('request', (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const answer = answerOf(request.url ?? '/');
    response.writeHead(200, ['content-type', 'application/json', 'content-length', String(answer.length)]);
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address !== null ? address.port : '');
});
