import type { Place } from '../place.ts';
import type { StoreLimits } from './limits.ts';
import { readStoreAddress } from './store-address.ts';

/**
 * The place that an address names, with the credentials of the environment; nothing is asked of it yet. What speaks with each kind is loaded only here,
 * where it is used: Amazon's client is larger than all the rest of the agent.
 * @throws where the address, a key or a file that they name is wrong, with what to write.
 */
export async function openPlace(text: string, environment: NodeJS.ProcessEnv, limits?: StoreLimits): Promise<Place> {
  const address = readStoreAddress(text);
  switch (address.kind) {
    case 'invalid':
      throw new Error(address.words);
    case 's3': {
      const { s3Place } = await import('./s3/s3-place.ts');
      return s3Place(address, environment, limits);
    }
    case 'gs': {
      const { googlePlace } = await import('./google/google-place.ts');
      return googlePlace(address, environment, limits);
    }
    case 'azblob': {
      const { azurePlace } = await import('./azure/azure-place.ts');
      return azurePlace(address, environment, limits);
    }
  }
}
