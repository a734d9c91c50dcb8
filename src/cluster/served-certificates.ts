import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Served, WebhookEntry } from '../doctor/doctor-facts.ts';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import type { WebhookEndpoints } from './installed-webhook.ts';

/** Milliseconds. */
const patience = 5_000;

/**
 * By a handshake where the webhook is asked at an address. Behind a Service by the figure that each pod publishes of its certificate, since
 * pods are reached through the apiserver alone: whether the bundle verifies it there, the apiserver itself says in the dry run.
 */
export async function servedCertificates(
  config: KubeConfig,
  namespace: string,
  entries: readonly WebhookEntry[],
  pods: WebhookEndpoints['pods'],
): Promise<readonly Served[]> {
  const hosts = new Map<string, WebhookEntry>();
  for (const entry of entries) {
    if (entry.target.kind === 'url') hosts.set(new URL(entry.target.url).host, entry);
  }
  return Promise.all([
    ...[...hosts].map(async ([host, entry]) => ({ from: host, certificate: await byHandshake(host, entry) })),
    ...(entries.length > hosts.size && hosts.size > 0 ? [] : pods).map(async ({ name, port }) => ({
      from: `pod ${name}`,
      certificate: await byFigure(config, namespace, name, port),
    })),
  ]);
}

async function byHandshake(host: string, { bundle }: WebhookEntry): Promise<Served['certificate']> {
  const { hostname, port } = new URL(`https://${host}`);
  const name = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host: name,
      port: port === '' ? 443 : Number(port),
      // A literal address is no name for SNI (RFC 6066, 3).
      ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
      ...(bundle.kind === 'certificates' ? { ca: bundle.text } : {}),
      // One that is refused is looked at all the same.
      rejectUnauthorized: false,
      // As Go does, which takes no common name for a host.
      checkServerIdentity: (_, peer) => {
        const leaf = new X509Certificate(peer.raw);
        return leaf.checkHost(name, { subject: 'never' }) !== undefined || leaf.checkIP(name) !== undefined
          ? undefined
          : new Error(`it is not for ${name}, but for ${leaf.subjectAltName ?? 'no name'}`);
      },
    });
    const end = (certificate: Served['certificate']): void => {
      socket.destroy();
      resolve(certificate);
    };
    socket.setTimeout(patience, () => {
      end({ kind: 'failed', reason: `no handshake within ${String(patience / 1000)} s` });
    });
    socket.once('error', (error) => {
      end({ kind: 'failed', reason: describeFailure(error) });
    });
    socket.once('secureConnect', () => {
      const peer = socket.getPeerX509Certificate();
      if (peer === undefined) {
        end({ kind: 'failed', reason: 'it shows no certificate' });
        return;
      }
      // A string with the code, whatever its type says (Node, tls.TLSSocket, authorizationError).
      const refused: unknown = socket.authorizationError;
      const words = typeof refused === 'string' ? refused : describeFailure(refused);
      end({
        kind: 'known',
        value: { ends: peer.validToDate.getTime(), distrust: socket.authorized ? null : words },
      });
    });
  });
}

async function byFigure(
  config: KubeConfig,
  namespace: string,
  pod: string,
  port: number,
): Promise<Served['certificate']> {
  try {
    const path = `/api/v1/namespaces/${namespace}/pods/https:${pod}:${String(port)}/proxy/metrics`;
    const { code, text } = await ask(config, { path, patience });
    if (code === 403) return { kind: 'forbidden', right: `get pods --subresource=proxy -n ${namespace}` };
    if (code !== 200) return { kind: 'failed', reason: `HTTP ${String(code)} ${text.slice(0, 200)}` };
    const seconds = /^pgusher_certificate_not_after_timestamp_seconds(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1];
    return seconds === undefined ? { kind: 'absent' } : { kind: 'known', value: { ends: Number(seconds) * 1000 } };
  } catch (error) {
    return { kind: 'failed', reason: describeFailure(error) };
  }
}
