import { deleteOrphanOk } from './delete-orphan-ok.ts';
import { deletePvcManaged } from './delete-pvc-managed.ts';
import { deleteWithData } from './delete-with-data.ts';
import { namespaceTerminating } from './namespace-terminating.ts';
import type { Check } from '../check.ts';

/** Deletion, in the order in which findings are told. */
export const deletionChecks = [
  deleteWithData,
  deletePvcManaged,
  deleteOrphanOk,
  namespaceTerminating,
] as const satisfies readonly Check[];
