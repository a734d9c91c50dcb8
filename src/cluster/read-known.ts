import type { KubeConfig } from '@kubernetes/client-node';
import type { Known } from '../doctor/doctor-facts.ts';
import { isObject } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import type { Question } from './ask.ts';

/** What the apiserver answers to a question, as a fact. `right` as `kubectl auth can-i` takes it. */
export async function readKnown<T>(
  config: KubeConfig,
  question: Question,
  right: string,
  read: (object: JsonObject) => T,
): Promise<Known<T>> {
  try {
    const { code, text } = await ask(config, question);
    if (code === 404) return { kind: 'absent' };
    if (code === 403) return { kind: 'forbidden', right };
    const object: unknown = code < 300 ? JSON.parse(text) : undefined;
    return isObject(object)
      ? { kind: 'known', value: read(object) }
      : { kind: 'failed', reason: `HTTP ${String(code)} ${text.slice(0, 200)}` };
  } catch (error) {
    return { kind: 'failed', reason: describeFailure(error) };
  }
}
