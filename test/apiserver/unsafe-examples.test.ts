import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubectlText, unsafeExamples } from '../../scripts/write-docs/refusals.ts';
import { missingTools } from '../support/tool.ts';
import { startControlPlane, type ControlPlane } from './support/control-plane.ts';
import { startRegisteredWebhook, type RegisteredWebhook } from './support/registered-webhook.ts';

/** docs/refusals.md shows what kubectl prints, to the letter. */
describe.skipIf(missingTools('go'))('the unsafe examples, applied to a real apiserver', () => {
  let cluster: ControlPlane;
  let webhook: RegisteredWebhook;

  beforeAll(async () => {
    cluster = await startControlPlane();
    webhook = await startRegisteredWebhook(cluster);
    await webhook.register();
  });
  afterAll(async () => {
    await (webhook as RegisteredWebhook | undefined)?.remove();
    await (cluster as ControlPlane | undefined)?.stop();
  });

  test.each(unsafeExamples)('%s is refused with the text of the docs', (file) => {
    const { status, stderr } = cluster.tryKubectl(['apply', '-f', `examples/unsafe/${file}`]);
    expect(status).toBe(1);
    expect(stderr.trimEnd()).toBe(kubectlText(file));
  });
});
