/** CEL knows stock images by their names, and no others. */
export const imagesNotTold =
  'Images other than postgres, postgis, pgvector and timescaledb under these names, and pods with several of them.';

export const placesNotTold = `${imagesNotTold} A PGDATA from a command, switches, references (envFrom beside several mounts) or a tag without major version.`;
