import { keyVariable } from '../key-variable.ts';
import type { AzureAddress } from './azure-address.ts';

/** What a request is signed with, or what stands in its place. */
export type AzureCredentials =
  | { readonly kind: 'shared-key'; readonly account: string; readonly key: Buffer }
  /** A query string that somebody signed, without the question mark. */
  | {
      readonly kind: 'sas';
      readonly token: string;
      /** Milliseconds; infinite where a policy of the container says it. */
      readonly ends: number;
    }
  /** Workload identity of AKS: a token of the cluster, given in exchange for one of Microsoft Entra. */
  | {
      readonly kind: 'federated';
      readonly authority: string;
      readonly tenant: string;
      readonly client: string;
      /** Path; the platform replaces the file every hour. */
      readonly tokenFile: string;
    };

const identityNames = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE'] as const;

/**
 * Out of the environment: AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN of a Secret, else what the workload identity webhook of AKS puts into
 * a pod.
 * @throws where there is none of them, two, a part of one, or one of another account; and see key-variable.ts.
 */
export function azureCredentials({ account }: AzureAddress, environment: NodeJS.ProcessEnv): AzureCredentials {
  const key = keyVariable(environment, 'AZURE_STORAGE_KEY');
  const sas = keyVariable(environment, 'AZURE_STORAGE_SAS_TOKEN');
  const named = keyVariable(environment, 'AZURE_STORAGE_ACCOUNT');
  if (named !== undefined && named !== account) {
    throw new Error(
      `AZURE_STORAGE_ACCOUNT is ${JSON.stringify(named)}, and the store's address names the account ${account}; wanted the same, or no AZURE_STORAGE_ACCOUNT`,
    );
  }
  if (key !== undefined && sas !== undefined) {
    throw new Error('there are AZURE_STORAGE_KEY and AZURE_STORAGE_SAS_TOKEN; wanted one of them');
  }
  if (key !== undefined) {
    return { kind: 'shared-key', account, key: keyBytes(key) };
  }
  if (sas !== undefined) {
    return signature(sas);
  }
  return federated(environment);
}

function keyBytes(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length === 0 || key.toString('base64') !== text) {
    throw new Error(
      'AZURE_STORAGE_KEY is no base64; wanted key1 or key2 of the account (az storage account keys list), not a connection string',
    );
  }
  return key;
}

function signature(text: string): AzureCredentials {
  const token = text.replace(/^\?/, '');
  const query = new URLSearchParams(token);
  if (token.includes('://') || !query.has('sig') || !query.has('sv')) {
    throw new Error(
      'AZURE_STORAGE_SAS_TOKEN is no shared access signature; wanted what stands behind the question mark: sv=…&sp=racwdl&sig=…',
    );
  }
  const ends = Date.parse(query.get('se') ?? '');
  return { kind: 'sas', token, ends: Number.isNaN(ends) ? Infinity : ends };
}

function federated(environment: NodeJS.ProcessEnv): AzureCredentials {
  const [tenant, client, tokenFile] = identityNames.map((name) => keyVariable(environment, name));
  if (tenant !== undefined && client !== undefined && tokenFile !== undefined) {
    const authority = keyVariable(environment, 'AZURE_AUTHORITY_HOST') ?? 'https://login.microsoftonline.com';
    return { kind: 'federated', authority: authority.replace(/\/$/, ''), tenant, client, tokenFile };
  }
  const there = identityNames.filter((name) => keyVariable(environment, name) !== undefined);
  if (there.length > 0) {
    const missing = identityNames.filter((name) => !there.includes(name));
    throw new Error(
      `there is ${there.join(' and ')} without ${missing.join(' and ')}; wanted all of them, as the workload identity webhook of AKS sets them (label azure.workload.identity/use: "true" on the pod, its service account annotated with the client id)`,
    );
  }
  const string = keyVariable(environment, 'AZURE_STORAGE_CONNECTION_STRING') === undefined ? '' : connectionString;
  throw new Error(
    `there are no credentials for Azure${string}; wanted AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or the workload identity of AKS`,
  );
}

const connectionString = ', and AZURE_STORAGE_CONNECTION_STRING is not read: its AccountKey= is AZURE_STORAGE_KEY';
