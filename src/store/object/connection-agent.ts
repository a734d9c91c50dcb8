import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';

/** For base backups side by side, WAL and the restore's ranges. */
const connections = 16;

/**
 * Connections to a store, kept open; through the proxy of the environment where there is one.
 * @param ca path of a PEM file, in place of Node's authorities.
 * @throws where that file cannot be read or holds no certificate.
 */
export function connectionAgent(
  plainHttp: boolean,
  ca: string | null,
  environment: NodeJS.ProcessEnv,
): HttpAgent | Agent {
  const common = { keepAlive: true, maxSockets: connections, proxyEnv: environment };
  if (plainHttp) {
    return new HttpAgent(common);
  }
  return new Agent(ca === null ? common : { ...common, ca: authorities(ca) });
}

function authorities(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `the authorities of the store cannot be read: ${error instanceof Error ? error.message : String(error)}; wanted a PEM file at ca=${path}`,
      { cause: error },
    );
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(
      `${path} has no certificate in it; wanted the authorities of the store as PEM (ca= of its address)`,
    );
  }
  return pem;
}
