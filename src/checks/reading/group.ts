import { unreadableField } from './unreadable-field.ts';
import type { Check } from '../check.ts';

/** What cannot be read, in the order in which findings are told. */
export const readingChecks = [unreadableField] as const satisfies readonly Check[];
