import { readPeer } from '../restore/peers.ts';
import type { AgentContract } from '../contract.ts';
import type { Peer } from '../decision/who-is-primary.ts';
import { readCredentials } from '../server-connection/credentials.ts';
import type { Environment } from '../server-connection/credentials.ts';
import { connectAsReplication } from '../server-connection/server-connection.ts';
import type { ServerConnection } from '../server-connection/server-connection.ts';

/** What the commands of a person need beside the contract. */
export interface StandbyEdges {
  readonly environment: Environment;
  /** `paths.shared` */
  readonly shared: string;
  readonly pod: string;
}

/** The server beside this agent. @throws where it does not answer. */
export async function withLocalServer<Result>(
  contract: Pick<AgentContract, 'serverPort'>,
  edges: StandbyEdges,
  /** `read` looks again at what `own` was. */
  work: (connection: ServerConnection, own: Peer, read: () => Promise<Peer>) => Promise<Result>,
): Promise<Result> {
  const address = { host: '127.0.0.1', port: contract.serverPort };
  const attempt = await connectAsReplication(address, await readCredentials(edges.environment));
  if (attempt.kind !== 'connected') {
    throw new Error(
      `the server of ${edges.pod} does not answer: ${attempt.kind === 'absent' ? 'nothing listens' : attempt.message}`,
    );
  }
  try {
    const read = (): Promise<Peer> => readPeer({ pod: edges.pod, address }, attempt.connection);
    return await work(attempt.connection, await read(), read);
  } finally {
    await attempt.connection.close();
  }
}
