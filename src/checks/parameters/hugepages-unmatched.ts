import { noObservations, runsAlready } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { defaultSharedBuffers, memoryParameter, shownMemory } from './parameter-value.ts';
import { isOn } from './unsafe-parameter.ts';

/**
 * Fields: huge_pages and shared_buffers against resources.limits of the Postgres container, else of its pod
 * (hugepages-2Mi, hugepages-1Gi).
 * Allowed: try, which is the default, or off; on with at least as many huge pages as shared_buffers. Kubernetes itself wants
 * requests and limits of huge pages to be equal.
 */
export const hugepagesUnmatched: Check = {
  id: 'hugepages-unmatched',
  severity: 'deny',
  summary: 'The server insists on huge pages that the container does not get.',
  because:
    'Without them the server does not start (could not map anonymous shared memory), or dies of a bus error when it touches the first page that is missing (docker-library/postgres#451).',
  instead: 'hugepages-2Mi in resources.limits, somewhat more than shared_buffers; or huge_pages=try.',
  paste: `resources:
  limits:
    hugepages-2Mi: <somewhat more than shared_buffers>`,
  examine({ server }, surroundings) {
    const parameter = server?.parameters.get('huge_pages');
    if (server === undefined || parameter === undefined || !isOn(parameter.value)) return noObservations;
    const pages = server.resources.hugePages;
    const buffers = memoryParameter(server, 'shared_buffers')?.bytes ?? defaultSharedBuffers;
    if (pages >= buffers) return noObservations;
    const seen = pages === 0 ? 'no huge pages' : `${shownMemory(pages)} of huge pages`;
    return [
      {
        field: parameterField(server, parameter),
        message: `huge_pages is on and the container has ${seen}; wanted more than ${shownMemory(buffers)} (shared_buffers). Write limits: {hugepages-2Mi: <more than that>}, or huge_pages=try.`,
        ...(runsAlready(surroundings) ? { severity: 'warn' } : {}),
      },
    ];
  },
};
