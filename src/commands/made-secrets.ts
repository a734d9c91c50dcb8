import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';

/**
 * The names of the Secrets that a controller makes of this object, in its namespace; which keys they get is the controller's matter.
 * External Secrets Operator (`spec.target.name`), Sealed Secrets (`spec.template.metadata.name`), Vault Secrets Operator
 * (`spec.destination.name`), Infisical (`spec.managedSecretReference.secretName`), cert-manager (`spec.secretName`), SOPS
 * (`spec.secretTemplates`), 1Password; where they name none it is the object's own.
 */
export function secretsMadeBy(object: JsonObject): readonly string[] {
  const group = (textAt(object, 'apiVersion') ?? '').split('/').slice(0, -1).join('/');
  const kind = textAt(object, 'kind') ?? '';
  if (group === '' || !(/Secret$/.test(kind) || others.includes(kind))) return [];
  const spec = objectAt(object, 'spec');
  const templates = objectsAt(spec, 'secretTemplates').flatMap((template) => textAt(template, 'name') ?? []);
  if (templates.length > 0) return templates;
  const named =
    textAt(objectAt(spec, 'target'), 'name') ??
    textAt(objectAt(objectAt(spec, 'template'), 'metadata'), 'name') ??
    textAt(objectAt(spec, 'destination'), 'name') ??
    textAt(objectAt(spec, 'managedSecretReference'), 'secretName') ??
    textAt(spec, 'secretName') ??
    textAt(objectAt(object, 'metadata'), 'name');
  return named === undefined ? [] : [named];
}

const others = ['Certificate', 'OnePasswordItem'];
