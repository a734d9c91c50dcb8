/** The claim template that is injected for backups, and so the volume that the StatefulSet controller makes of it. */
export const backupTemplate = 'pgusher-backup';
