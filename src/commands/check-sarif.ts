import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Check, Finding } from '../checks/check.ts';
import { checks } from '../checks/registry.ts';
import { version } from '../version.ts';
import type { AdmittedObject } from './admit-files.ts';
import { positionOf } from './finding-position.ts';
import { titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { UnreadError } from './unread.ts';

/**
 * What was found as SARIF 2.1.0 (OASIS), for code scanning: all checks as rules, each finding at its line, and the object and field by
 * name, which stay when lines move.
 */
export function sarifLog(objects: readonly AdmittedObject[], unread: readonly UnreadError[]): object {
  const results = objects.flatMap(({ where, verdict }) => verdict.findings.map((finding) => resultOf(where, finding)));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'pgusher', semanticVersion: version, rules: checks.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: unread.length === 0,
            ...(unread.length === 0 ? {} : { toolExecutionNotifications: unread.map(notificationOf) }),
          },
        ],
        results,
      },
    ],
  };
}

/** A file that was not judged. */
function notificationOf({ file, line, column, message }: UnreadError): object {
  return {
    level: 'error',
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
      },
    ],
  };
}

function ruleOf(check: Check): object {
  const { id, severity, summary, because, instead } = check;
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: because },
    help: { text: `${instead}${check.paste === undefined ? '' : `\n\n${check.paste}`}\n\nSee docs/checks.md#${id}.` },
    defaultConfiguration: { level: levelOf(severity) },
  };
}

function resultOf(where: ManifestObject, { check, severity, field, message }: Finding): object {
  const ruleIndex = checks.findIndex(({ id }) => id === check);
  const { line, column } = positionOf(where, field);
  const fullyQualifiedName = `${titleOf(where)} ${field}`;
  return {
    ruleId: check,
    // What the webhook itself finds (not-a-statefulset) is no check of the catalogue.
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: levelOf(severity),
    message: { text: `${field}: ${message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(where.file.name) },
          region: { startLine: line, startColumn: column },
        },
        logicalLocations: [{ fullyQualifiedName, kind: 'member' }],
      },
    ],
    partialFingerprints: { 'objectField/v1': `${check} ${fullyQualifiedName}` },
  };
}

function levelOf(severity: Finding['severity']): 'error' | 'warning' {
  return severity === 'deny' ? 'error' : 'warning';
}

/** Relative to where the command runs, which is the root of the repository in a pipeline. */
function uriOf(name: string): string {
  if (name === '-') return 'stdin';
  if (isAbsolute(name)) return pathToFileURL(name).href;
  return name.replaceAll('\\', '/').replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/');
}
