import type { Injection, InjectionContext } from './injection.ts';

export const backupClaimTemplate: Injection = {
  id: 'backup-claim-template',
  summary: 'Where backups go to and come from: the volumes that the engine needs',

  contribute(context) {
    const { destination, source, injectedClaimTemplates, dataMount } = context;
    if (dataMount === undefined) {
      return injectedClaimTemplates.length === 0
        ? { skipped: 'no volume covers PGDATA' }
        : { claimTemplates: injectedClaimTemplates, reason: 'claim templates cannot be taken away' };
    }
    const stores = [destination, source].filter((place) => place?.kind === 'store');
    const claimTemplates = [
      ...injectedClaimTemplates,
      ...(destination.kind === 'store' ? destination.claimTemplates : []),
    ];
    if (stores.length === 0 && claimTemplates.length === 0) return { skipped: whereabouts(context) };
    return { claimTemplates, volumes: stores.flatMap(({ volumes }) => volumes), reason: whereabouts(context) };
  },
};

function whereabouts({ destination, source }: InjectionContext): string {
  const to =
    destination.kind === 'store' ? `backups go to ${destination.description}` : `no backups: ${destination.reason}`;
  if (source === undefined) return to;
  return source.kind === 'store' ? `${to}; the first start restores ${source.description}` : `${to}; ${source.reason}`;
}
