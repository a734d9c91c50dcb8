import type { Place } from '../../store/place.ts';
import type { Environment } from '../server-connection/credentials.ts';

/** Opens the place that an address names; its credentials come from the environment, or from the platform. @throws where it names none. */
export type OpenPlace = (address: string, environment: Environment) => Promise<Place>;
