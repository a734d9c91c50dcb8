import { readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:https';

/**
 * The ceiling: node:https that reads a body and answers `?size=N` fixed bytes. With `parse` it also turns the body into values and
 * writes a line about it, which is the least that any webhook in Node does. Runs as a process of its own: `bare-server.ts
 * CERTIFICATE KEY [parse]`; prints its port.
 */
const [certificate = '', key = '', mode] = process.argv.slice(2);
const answers = new Map<string, string>();

function answerOf(url: string): string {
  const known = answers.get(url);
  if (known !== undefined) return known;
  const answer = 'x'.repeat(Number(new URL(url, 'https://localhost').searchParams.get('size')));
  answers.set(url, answer);
  return answer;
}

let lines = '';

/** Gathered and written at once, as the webhook's log is. */
function note(body: string): void {
  const review = JSON.parse(body) as { readonly request: { readonly uid: string; readonly name: string } };
  const { uid, name } = review.request;
  lines += `${JSON.stringify({ time: new Date().toISOString(), uid, name, msg: 'review' })}\n`;
  if (lines.length < 8192) return;
  writeSync(1, lines);
  lines = '';
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key), keepAliveTimeout: 120_000 });
server.on('request', (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (mode === 'parse') note(Buffer.concat(chunks).toString('utf8'));
    const answer = answerOf(request.url ?? '/');
    response.writeHead(200, ['content-type', 'application/json', 'content-length', String(answer.length)]);
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address !== null ? address.port : '');
});
