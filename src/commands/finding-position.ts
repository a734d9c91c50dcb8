import { fieldOffset } from '../manifests/field-offset.ts';
import type { ManifestObject } from './manifest-objects.ts';

/** Counted from 1, columns in UTF-16 units. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** Where the field of a finding is in its file; where it is not written, the nearest thing around it that is. */
export function positionOf({ file, document, items }: ManifestObject, field: string): FilePosition {
  const earlier = file.documents.slice(0, document).reduce((sum, { source }) => sum + source.length, 0);
  const own = file.documents[document];
  const offset = earlier + (own === undefined ? 0 : fieldOffset(own, items, field));
  const before = file.text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
