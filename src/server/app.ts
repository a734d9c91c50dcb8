import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { Log } from './log.ts';
import type { Exposition } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export interface AppOptions {
  readonly version: string;
  readonly readiness: Readiness;
  /** Lines for `/readyz?verbose`. */
  readonly details: () => readonly string[];
  readonly metrics: () => Promise<Exposition>;
  readonly log: Log;
}

/** Everything that is not a review: probes, metrics, an index page. No sockets; a test mounts it as it is. */
export function createApp({ version, readiness, details, metrics, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  // `/healthz` is what kube-apiserver's own endpoint was called before it was split in two; monitoring still asks for it.
  app.get(['/livez', '/healthz'], (_request, response) => {
    // Dumb on purpose: a restart mends nothing that a dependency broke, and takes the webhook away from everybody.
    response.type('text/plain').send('ok\n');
  });

  app.get('/readyz', async (request, response) => {
    const missing = await readiness();
    const lines = missing.length === 0 ? ['ok'] : missing.map((problem) => `not ready: ${problem}`);
    const more = 'verbose' in request.query ? details() : [];
    response.status(missing.length === 0 ? 200 : 503).type('text/plain');
    response.send([...lines, ...more].map((line) => `${line}\n`).join(''));
  });

  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics();
    response.set('content-type', contentType).send(body);
  });

  app.get('/', (_request, response) => {
    response.type('text/html').send(indexPage(version));
  });

  app.use(((request, response) => {
    response
      .status(404)
      .type('text/plain')
      .send(`nothing at ${request.path.slice(0, 100)}; / lists what there is\n`);
  }) satisfies RequestHandler);

  app.use(((error: unknown, request, response, next) => {
    log.error({ path: request.path, err: error }, 'failed');
    if (response.headersSent) {
      next(error);
      return;
    }
    response.status(500).type('text/plain').send('internal error; the log has it\n');
  }) satisfies ErrorRequestHandler);
  return app;
}

function indexPage(version: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>pgusher ${version}</title>
<h1>pgusher ${version}</h1>
<p>An admission webhook that ushers Postgres StatefulSets labelled <code>postgres.io/managed: "true"</code> into safety:
continuous backup, restore before the first start, clean stops, and no unsafe specs.</p>
<ul>
<li><code>POST /mutate</code>, <code>POST /validate</code>: AdmissionReview (admission.k8s.io/v1) from kube-apiserver</li>
<li><a href="/readyz">/readyz</a>: whether kube-apiserver would get through</li>
<li><a href="/livez">/livez</a>, <a href="/healthz">/healthz</a>: whether the process answers</li>
<li><a href="/metrics">/metrics</a>: figures for Prometheus</li>
</ul>
</html>
`;
}
