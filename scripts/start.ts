/**
 * `npm start`: the webhook on https://localhost:10250 with a development certificate; it admits the examples over TLS, shows
 * what was injected and what was refused and why, and keeps serving until Ctrl-C.
 *
 * Arguments:   [HOST:PORT] to listen elsewhere.
 * Exit codes:  0 stopped with Ctrl-C; 1 an example was not answered as it should be; 2 cannot listen.
 * Safe twice:  yes; the certificate in certs/ is used again while it is good.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { developmentCertificate } from '../src/certificates/development.ts';
import { readManifestFiles } from '../src/commands/manifest-files.ts';
import { objectsOf } from '../src/commands/manifest-objects.ts';
import type { ManifestObject } from '../src/commands/manifest-objects.ts';
import { serve } from '../src/commands/serve.ts';
import type { Served } from '../src/commands/serve.ts';
import { CannotServe } from '../src/server/cannot-serve.ts';
import { processTerminal } from '../src/commands/terminal.ts';
import { createLog } from '../src/server/log.ts';
import { admitOverTls } from './start/admit-over-tls.ts';
import { exampleText } from './start/example-text.ts';
import { writeWebhookManifest } from './start/webhook-manifest.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const terminal = processTerminal();
const stopped = new Promise<void>((resolve) => {
  process.once('SIGINT', () => {
    resolve();
  });
  process.once('SIGTERM', () => {
    resolve();
  });
});
process.exitCode = await start(process.argv[2] ?? 'localhost:10250');

async function start(listen: string): Promise<number> {
  const certificate = developmentCertificate('certs', new Date());
  const log = createLog('warn');
  let served: Served;
  try {
    served = await serve({
      listen,
      certificates: { kind: 'files', ...certificate },
      ca: certificate.authority,
      log,
    });
  } catch (error) {
    if (!(error instanceof CannotServe)) throw error;
    terminal.report(`${error.message}\nTo listen elsewhere: npm start -- localhost:10251\n`);
    return 2;
  }
  const url = `https://localhost:${served.port}`;
  terminal.out(
    `pgusher listens on ${terminal.outColour('bold', url)} (certificate in certs/, made ${certificate.created ? 'now' : 'earlier'})\n`,
  );
  const authority = readFileSync(certificate.authority, 'utf8');
  const isAsExpected = await showExamples({ host: 'localhost', port: served.port, authority });
  const manifest = writeWebhookManifest(url, authority);
  terminal.out(pointing(url, manifest));
  if (!isAsExpected) {
    served.close();
    return 1;
  }
  // From here on a line for each review that a cluster sends.
  log.setLevel('info');
  await stopped;
  log.setLevel('warn');
  served.close();
  terminal.out('\nStopped.\n');
  return 0;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly authority: string;
}

/** True where everything in examples/ was accepted, and everything in examples/unsafe/ was not. */
async function showExamples(endpoint: Endpoint): Promise<boolean> {
  const files = await readManifestFiles(['examples']);
  const sets = files.flatMap((file) => objectsOf(file, 'default')).filter(({ kind }) => kind === 'StatefulSet');
  const examples = [...sets.filter((set) => !isMeantToBeRefused(set)), ...sets.filter(isMeantToBeRefused)];
  let isAsExpected = true;
  for (const example of examples) {
    const answer = await admitOverTls(example, endpoint);
    terminal.out(`\n${exampleText(example, answer, terminal.outColour)}`);
    if (answer.isAllowed === isMeantToBeRefused(example)) {
      terminal.report(`${example.file.name}: this is not the answer that the example is for.\n`);
      isAsExpected = false;
    }
  }
  return isAsExpected;
}

function isMeantToBeRefused({ file }: ManifestObject): boolean {
  return file.name.startsWith('examples/unsafe/');
}

function pointing(url: string, manifest: string): string {
  const bold = (text: string): string => terminal.outColour('bold', text);
  return `
${bold('Point a cluster at it')} (one whose apiserver can reach this machine):
  kubectl apply -f ${manifest}
  kubectl apply -f examples/                # the apiserver now asks this process
  kubectl delete -f ${manifest}   # before you stop it: an apiserver that cannot reach it refuses the labelled sets
The file calls ${url}. From kind or Docker Desktop write host.docker.internal there, from minikube
host.minikube.internal (the certificate has these names), and start with: npm start -- 0.0.0.0:10250

${bold('Without a cluster')}: bin/pgusher explain -f examples/, and bin/pgusher --help.

Ctrl-C stops it. Each review is a line below.
`;
}
