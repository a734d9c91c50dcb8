import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { AgentAnswer } from '../../src/commands/promotion.ts';

/** What runs in a container. A number is an HTTP status with which the apiserver refuses. */
export type RunInPod = (pod: string, container: string, command: readonly string[]) => AgentAnswer | number;

/**
 * Answers `…/pods/POD/exec` as the apiserver does (Kubernetes, staging/src/k8s.io/apiserver/pkg/util/wsstream: each message begins with the
 * number of its channel: 1 output, 2 errors, 3 the Status at the end).
 */
export function answerExec(server: Server, run: RunInPod): void {
  server.on('upgrade', (request, socket) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const pod = /\/pods\/([^/]+)\/exec$/.exec(pathname)?.[1] ?? '';
    const answer = run(pod, searchParams.get('container') ?? '', searchParams.getAll('command'));
    if (typeof answer === 'number') {
      socket.end(`HTTP/1.1 ${String(answer)} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    // RFC 6455, 1.3.
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Protocol: v4.channel.k8s.io',
        `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}`,
        '\r\n',
      ].join('\r\n'),
    );
    const causes = [{ reason: 'ExitCode', message: String(answer.code) }];
    const status =
      answer.code === 0 ? { status: 'Success' } : { status: 'Failure', message: 'ended', details: { causes } };
    if (answer.out !== '') socket.write(frame(1, answer.out));
    if (answer.error !== '') socket.write(frame(2, answer.error));
    socket.end(frame(3, JSON.stringify(status)));
  });
}

/** One binary message of a server, which is not masked (RFC 6455, 5.2). */
function frame(channel: number, text: string): Buffer {
  const data = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  const head = Buffer.alloc(4);
  head.writeUInt8(0x82, 0);
  head.writeUInt8(data.length < 126 ? data.length : 126, 1);
  head.writeUInt16BE(data.length, 2);
  return Buffer.concat([data.length < 126 ? head.subarray(0, 2) : head, data]);
}
