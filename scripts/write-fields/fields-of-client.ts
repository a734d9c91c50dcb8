import { V1StatefulSet } from '@kubernetes/client-node';
import * as models from '@kubernetes/client-node';

type Fields = Readonly<Record<string, string>>;

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[];
}

/** By type, from StatefulSet down. */
export function fieldsOfClient(): Readonly<Record<string, Fields>> {
  const byType: Record<string, Fields> = {};
  const wanted: [string, Model][] = [['StatefulSet', V1StatefulSet]];
  for (const [type, model] of wanted) {
    if (type in byType) continue;
    const fields = model.getAttributeTypeMap().map(({ baseName, type: written }) => {
      const name = /^(?:Array<)?V1(\w+)>?$/.exec(written)?.[1];
      const own = name === undefined ? undefined : modelOf(`V1${name}`);
      if (name === undefined || own === undefined) return [baseName, ''] as const;
      wanted.push([name, own]);
      return [baseName, name] as const;
    });
    byType[type] = Object.fromEntries(fields);
  }
  return byType;
}

function modelOf(name: string): Model | undefined {
  const found: unknown = (models as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'function' && 'getAttributeTypeMap' in found ? (found as unknown as Model) : undefined;
}
