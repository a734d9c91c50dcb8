import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { RequestListener } from 'node:http';
import type { CertificateSource } from '../certificates/source.ts';
import type { Limits } from './limits.ts';
import { pipeliningGuard } from './pipelining.ts';

export interface HttpsServerOptions {
  readonly certificate: CertificateSource;
  readonly limits: Limits;
  /** Paths answered without express, without their query. */
  readonly hot: ReadonlyMap<string, RequestListener>;
  /** Everything else. */
  readonly rest: RequestListener;
  /** Each answer carries `Connection: close` while this is true. */
  readonly leaving: () => boolean;
  readonly onStart: () => void;
  readonly onFinish: () => void;
}

/**
 * HTTP/1.1 over TLS, not listening yet. kube-apiserver speaks HTTP/1.1 to a webhook behind a Service (its webhook client offers
 * nothing else), and node:http2 is slower. A renewed certificate is used for new connections; those that are there go on.
 */
export function createHttpsServer(options: HttpsServerOptions): Server {
  const { certificate, limits, hot, rest } = options;
  const server = createServer({
    ...secureContext(certificate),
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.handshake,
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.keepAlive,
    connectionsCheckingInterval: limits.checkInterval,
  });
  certificate.onChange(() => {
    server.setSecureContext(secureContext(certificate));
  });
  const pipelining = pipeliningGuard();
  server.on('request', (request, response) => {
    const { socket } = request;
    options.onStart();
    pipelining.begin(socket);
    response.on('close', () => {
      pipelining.end(socket);
      options.onFinish();
    });
    // Clients leave by themselves then, none is cut off (see drain.ts).
    if (options.leaving()) response.shouldKeepAlive = false;
    (hot.get(pathOf(request.url ?? '/')) ?? rest)(request, response);
  });
  return server;
}

function secureContext(source: CertificateSource): { readonly cert: string; readonly key: string } {
  const { certificate, key } = source.current();
  return { cert: certificate, key };
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
