import { editDocument } from '../manifests/edit-document.ts';
import type { EditedDocument } from '../manifests/edit-document.ts';
import type { JsonObject } from '../workload/json.ts';
import type { ManifestFile } from './manifest-files.ts';
import { withObjects } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';

/** A file's text with some of its objects replaced. */
export interface ChangedFile {
  readonly file: ManifestFile;
  readonly text: string;
  /** What could not be kept, one sentence per document; empty where every line that is not ours is as it was. */
  readonly losses: readonly string[];
}

export function changeFiles(
  files: readonly ManifestFile[],
  replaced: ReadonlyMap<ManifestObject, JsonObject>,
): readonly ChangedFile[] {
  return files.map((file) => {
    if (![...replaced.keys()].some((where) => where.file === file)) return { file, text: file.text, losses: [] };
    const values = withObjects(file, replaced);
    const edited = file.documents.map((document, index) => editDocument(document, values[index] ?? null));
    return {
      file,
      text: edited.map(({ text }) => text).join(''),
      losses: edited.flatMap((document, index) =>
        lossOf(document).map((loss) => `${file.name}, document ${index + 1}: ${loss}`),
      ),
    };
  });
}

function lossOf({ by, writtenOut }: EditedDocument): readonly string[] {
  switch (by) {
    case 'lines':
      return writtenOut.length === 0
        ? []
        : [`aliases are written out where they no longer fit: ${writtenOut.map((name) => `*${name}`).join(', ')}`];
    case 'tree':
      return ['it cannot be edited line by line, so it was laid out anew; comments are kept'];
    case 'anew':
      return ['its layout cannot be kept, so it was written anew, without comments'];
  }
}
