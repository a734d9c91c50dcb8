import type { SettingName } from './settings.ts';

export const annotationPrefix = 'postgres.io/';

export function annotationName(setting: SettingName): string {
  return `${annotationPrefix}${setting}`;
}
