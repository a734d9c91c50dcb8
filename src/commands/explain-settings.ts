import type { AdmissionContext } from '../admission/admission.ts';
import { annotationName } from '../workload/annotation-name.ts';
import { objectAt, textAt } from '../workload/json.ts';
import { derivedSchedule } from '../workload/schedule-syntax.ts';
import { settingTable } from '../workload/setting-table.ts';
import type { SettingDefinition } from '../workload/setting-table.ts';
import type { SettingLayer, Settings } from '../workload/settings.ts';
import type { ManifestObject } from './manifest-objects.ts';
import { section } from './table-text.ts';
import type { Colour } from './terminal.ts';

/** Every setting with its value as written, and the layer that it came from. */
export function explainSettings(
  { origins }: Settings,
  where: ManifestObject,
  context: AdmissionContext,
  colour: Colour,
): string {
  const rows = settingTable
    .filter(({ name }) => name !== 'injection-version')
    .map((definition) => {
      const layer = origins[definition.name];
      return [definition.name, textIn(layer, definition, where, context), layerNames[layer]];
    });
  return section('Settings', rows, colour);
}

const layerNames: Readonly<Record<SettingLayer, string>> = {
  'built-in': 'built-in',
  cluster: 'cluster config',
  namespace: 'namespace',
  statefulset: 'StatefulSet',
};

function textIn(
  layer: SettingLayer,
  definition: SettingDefinition,
  where: ManifestObject,
  context: AdmissionContext,
): string {
  const { name } = definition;
  switch (layer) {
    case 'built-in':
      if (name === 'backup-schedule') return derivedSchedule(where.namespace, where.name);
      return definition.default ?? `(${definition.unset})`;
    case 'cluster':
      return context.clusterSettings[name] ?? '';
    case 'namespace':
      return context.namespaceAnnotations(where.namespace)?.[annotationName(name)] ?? '';
    case 'statefulset':
      return textAt(objectAt(objectAt(where.object, 'metadata'), 'annotations'), annotationName(name)) ?? '';
  }
}
