import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { developmentCertificate } from '../../../src/certificates/development.ts';
import { serve } from '../../../src/commands/serve.ts';
import type { Operation } from '../../../src/plan/json-patch.ts';
import { isObject } from '../../../src/workload/json.ts';
import type { JsonObject } from '../../../src/workload/json.ts';
import { createLog } from '../../../src/server/log.ts';
import { reviewOf } from '../../support/review.ts';

export interface DoorAnswer {
  readonly allowed: boolean;
  readonly operations: readonly Operation[];
  readonly message: string;
  /** As it came. */
  readonly body: string;
}

export interface HttpsDoor {
  ask(path: '/mutate' | '/validate', object: JsonObject, oldObject?: JsonObject): Promise<DoorAnswer>;
  close(): void;
}

/** The real server on a free port, with a certificate of its own. @param config path of a config file. */
export async function openHttpsDoor(config?: string): Promise<HttpsDoor> {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-door-'));
  const certificate = developmentCertificate(directory, new Date());
  const served = await serve({
    listen: '127.0.0.1:0',
    config,
    certificates: { kind: 'files', ...certificate },
    log: createLog('error'),
  });
  const authority = readFileSync(certificate.authority, 'utf8');
  return {
    ask: async (path, object, oldObject) => {
      const metadata = isObject(object['metadata']) ? object['metadata'] : {};
      const review = reviewOf({
        operation: oldObject === undefined ? 'CREATE' : 'UPDATE',
        object,
        oldObject: oldObject ?? null,
        request: { name: metadata['name'], namespace: metadata['namespace'] ?? 'default' },
      });
      return decode(await post(served.port, authority, path, JSON.stringify(review)));
    },
    close: () => {
      served.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const answer = z.object({
  response: z.object({
    allowed: z.boolean(),
    patch: z.base64().optional(),
    status: z.object({ message: z.string() }).optional(),
  }),
});

function decode(body: string): DoorAnswer {
  const { allowed, patch = '', status } = answer.parse(JSON.parse(body)).response;
  const operations = z.array(z.custom<Operation>()).parse(JSON.parse(Buffer.from(patch, 'base64').toString() || '[]'));
  return { allowed, operations, message: status?.message ?? '', body };
}

async function post(port: number, authority: string, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, path, method: 'POST', ca: authority, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then(resolve, reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
