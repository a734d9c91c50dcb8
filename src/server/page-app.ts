import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import { overviewPage } from '../page/overview-page.ts';
import type { Overview } from '../page/overview.ts';
import { style } from '../page/style.ts';
import type { Log } from './log.ts';

/** Names are in lower case, as Kubernetes wants them; anything else is shown as what it is: nothing of that name. */
const longestName = 253;

/**
 * The page of serve's `--page`, without sockets. It answers GET alone, holds no form, no script and nothing from elsewhere, and the browser
 * is told to allow none: whatever a cluster names its objects stays text.
 */
export function createPageApp(overview: () => Overview, log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    response.set({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    if (request.method === 'GET' || request.method === 'HEAD') {
      next();
      return;
    }
    response.status(405).set('allow', 'GET, HEAD').type('text/plain').send('this page changes nothing; wanted GET\n');
  });
  app.get('/', ({ query: { namespace, unsafe } }, response) => {
    response.type('text/html').send(
      overviewPage(overview(), {
        namespace: typeof namespace === 'string' && namespace !== '' ? namespace.slice(0, longestName) : null,
        unsafe: unsafe !== undefined,
      }),
    );
  });
  app.get('/style.css', (_request, response) => {
    response.type('text/css').send(style);
  });
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('nothing here; / is the page\n');
  });
  // Without it express shows the stack.
  app.use(((error: unknown, request, response, next) => {
    log.error({ path: request.path, err: error }, 'page failed');
    if (response.headersSent) {
      next(error);
      return;
    }
    response.status(500).type('text/plain').send('internal error; the log has it\n');
  }) satisfies ErrorRequestHandler);
  return app;
}
