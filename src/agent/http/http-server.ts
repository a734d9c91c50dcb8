import { createServer } from 'node:http';
import { reasonsToLook } from '../backup/agent-status.ts';
import type { AgentStatus } from '../backup/agent-status.ts';
import { errorCode } from '../store/durable-file.ts';
import { agentReport } from './agent-report.ts';
import { createMetrics } from './metrics.ts';
import { statusPage } from './status-page.ts';

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Somebody else listens where the agent should. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';

  constructor(port: number, options: ErrorOptions) {
    super(
      `port ${port} is taken by another process; wanted it free for the agent's probes and metrics. The containers of a pod share one network, and with hostNetwork all pods of the node do. Write postgres.io/agent-port: "<a port that is free>" on the StatefulSet`,
      options,
    );
  }
}

/**
 * The pages of the agent; nothing on them can change anything, and no method but GET and HEAD is known.
 *
 * | path      | 200 means                                               | asked by                       |
 * | /livez    | this process answers                                    | liveness probe                 |
 * | /readyz   | protected and on schedule; otherwise 503 and the reasons | people and alerts, never a readiness probe: a sidecar's readiness is the pod's, and a database without backups still serves |
 * | /metrics  | figures for Prometheus                                  |                                |
 * | /report   | the status as JSON (agent/report.ts)                    | `pgusher status`               |
 * | /         | the same for a person                                   |                                |
 */
export async function startHttp(options: {
  readonly status: AgentStatus;
  /** Null: every address, IPv6 too where the node has it. */
  readonly host: string | null;
  readonly port: number;
  readonly now: () => Date;
}): Promise<HttpServer> {
  const { status } = options;
  const registry = createMetrics(status, options.now);
  const server = createServer((request, response) => {
    const answer = (code: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(code, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      answer(405, 'nothing can be changed here\n');
      return;
    }
    switch (request.url?.split('?')[0]) {
      case '/livez':
        answer(200, 'alive\n');
        return;
      case '/readyz': {
        const reasons = reasonsToLook(status, options.now());
        answer(reasons.length === 0 ? 200 : 503, reasons.length === 0 ? 'protected\n' : `${reasons.join('\n')}\n`);
        return;
      }
      case '/metrics':
        void registry.metrics().then((text) => {
          answer(200, text, registry.contentType);
        });
        return;
      case '/report':
        answer(200, `${JSON.stringify(agentReport(status, options.now()))}\n`, 'application/json');
        return;
      case '/':
        answer(200, statusPage(status, options.now()), 'text/html; charset=utf-8');
        return;
      default:
        answer(404, 'not here; see /, /report, /metrics, /readyz, /livez\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(errorCode(error) === 'EADDRINUSE' ? new PortTaken(options.port, { cause: error }) : error);
    });
    server.listen({ port: options.port, ...(options.host === null ? {} : { host: options.host }) }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
