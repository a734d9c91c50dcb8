import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Document } from 'yaml';
import { documentsIn, readKustomization } from '../../src/manifests/kustomization.ts';
import type { Kustomization } from '../../src/manifests/kustomization.ts';
import { patched } from '../../src/manifests/kustomize-patch.ts';
import { settingTable } from '../../src/workload/setting-table.ts';
import { version } from '../../src/version.ts';
import { switches } from './switches.ts';
import { templateText } from './template-text.ts';
import type { Variant } from './template-text.ts';
import { valuesSchema } from './values-schema.ts';

const manifests = fileURLToPath(new URL('../../manifests/', import.meta.url));
const read = (...path: readonly string[]): string => readFileSync(join(manifests, ...path), 'utf8');

const mode = (name: string): string => `eq .Values.certificates.mode "${name}"`;

/** Path in manifests/chart and text of each file that is written from the manifests and the code; the others there are written by hand. */
export function chartFiles(): ReadonlyMap<string, string> {
  const components = Object.entries(switches).map(([folder, name]) => ({
    folder,
    condition: `.Values.components.${name}`,
    kustomization: readKustomization(read('components', folder, 'kustomization.yaml')),
  }));
  const variants: readonly Variant[] = [
    ...patchesOf('cert-manager', mode('cert-manager')),
    ...patchesOf('components/certificate-files', `ne .Values.certificates.mode "built-in"`),
    ...components.flatMap(({ folder, condition }) => patchesOf(join('components', folder), condition)),
    {
      condition: 'include "pgusher.configuration" .',
      change: (document) => document,
      places: [
        {
          kinds: ['ConfigMap'],
          path: ['data', 'pgusher.yaml'],
          written: { how: 'text', value: 'include "pgusher.configuration" .' },
        },
      ],
    },
  ];
  const template = (file: string): string =>
    documentsIn(read(file))
      .map((document) => templateText(document, variants))
      .join('\n---\n');
  const files = new Map<string, string>();
  const put = (path: string, condition: string | undefined, texts: readonly string[]): void => {
    const text = texts.join('\n---\n');
    files.set(path, `${generated}${condition === undefined ? text : `{{- if ${condition} }}\n${text}\n{{- end }}`}\n`);
  };
  for (const file of readKustomization(read('base', 'kustomization.yaml')).resources) {
    // Whoever installs into it has it, and Helm would not take it over.
    const condition = file === 'namespace.yaml' ? 'ne .Release.Namespace "pgusher-system"' : undefined;
    put(`templates/${file}`, condition, [template(join('base', file))]);
  }
  put('templates/cert-manager.yaml', mode('cert-manager'), resourcesOf('cert-manager').map(template));
  for (const { folder, condition, kustomization } of components) {
    const texts = [
      ...resourcesOf(join('components', folder)).map(template),
      ...kustomization.configMaps.map(configMap),
    ];
    if (texts.length > 0) put(`templates/${folder}.yaml`, condition, texts);
    for (const file of kustomization.configMaps.flatMap((made) => made.files)) {
      files.set(`files/${file}`, read('components', folder, file));
    }
  }
  files.set('Chart.yaml', chart());
  files.set('templates/_configuration.tpl', configuration());
  files.set('values.schema.json', `${JSON.stringify(valuesSchema(), undefined, 2)}\n`);
  return files;
}

const generated = '{{- /* Written by npm run chart. */ -}}\n';

function resourcesOf(folder: string): readonly string[] {
  return readKustomization(read(folder, 'kustomization.yaml')).resources.map((file) => join(folder, file));
}

function patchesOf(folder: string, condition: string): readonly Variant[] {
  const { patches } = readKustomization(read(folder, 'kustomization.yaml'));
  return patches.map(({ path, target }) => {
    const patch = { text: read(folder, path), ...(target === undefined ? {} : { target }) };
    return { condition, change: (document: Document) => patched(document, patch) };
  });
}

/** Files of a chart are read by name; what is in them is no template. */
function configMap({ name, namespace, labels, files }: Kustomization['configMaps'][number]): string {
  return [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    '  labels:',
    ...Object.entries(labels).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`),
    'data:',
    ...files.map((file) => `  ${file}: {{ .Files.Get "files/${file}" | toJson }}`),
  ].join('\n');
}

function chart(): string {
  return `# Written by npm run chart.
apiVersion: v2
name: pgusher
description: Admission webhook that ushers plain Postgres StatefulSets into safety
type: application
version: ${version}
appVersion: ${version}
kubeVersion: '>=1.30.0-0'
`;
}

/** YAML as Helm reads it makes booleans of \`on\` and \`off\`, which the config file has as words. */
function configuration(): string {
  const words = settingTable.filter(({ form }) => form.kind === 'words' && form.words.includes('off'));
  const names = words.map(({ name }) => JSON.stringify(name)).join(' ');
  return `{{- /*
Written by npm run chart.
The config file that the values ask for; empty where they ask for nothing. Helm makes booleans of the words on and off.
*/ -}}
{{- define "pgusher.configuration" -}}
{{- $config := deepCopy (.Values.config | default dict) -}}
{{- range $name, $value := $config.settings -}}
{{- if and (kindIs "bool" $value) (has $name (list ${names})) -}}
{{- $_ := set $config.settings $name (ternary "on" "off" $value) -}}
{{- end -}}
{{- end -}}
{{- range $check, $value := ($config.checks | default dict).modes -}}
{{- if kindIs "bool" $value -}}
{{- $_ := set $config.checks.modes $check "off" -}}
{{- end -}}
{{- end -}}
{{- with .Values.images.agent -}}
{{- if hasKey ($config.settings | default dict) "agent-image" -}}
{{- fail "the agent's image is given twice, by images.agent and by config.settings.agent-image; wanted one of them" -}}
{{- end -}}
{{- $_ := set $config "settings" (set ($config.settings | default dict) "agent-image" .) -}}
{{- end -}}
{{- if $config -}}
{{- toYaml $config -}}
{{- end -}}
{{- end -}}
`;
}
