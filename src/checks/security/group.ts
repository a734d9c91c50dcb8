import { hostNetwork } from './host-network.ts';
import { hostPort } from './host-port.ts';
import { md5Auth } from './md5-auth.ts';
import { passwordEnvDrift } from './password-env-drift.ts';
import { passwordInScript } from './password-in-script.ts';
import { plaintextPassword } from './plaintext-password.ts';
import { runAsRoot } from './run-as-root.ts';
import { trustAuth } from './trust-auth.ts';
import type { Check } from '../check.ts';

/** Secrets and security, in the order in which findings are told. */
export const securityChecks = [
  plaintextPassword,
  passwordInScript,
  passwordEnvDrift,
  trustAuth,
  md5Auth,
  runAsRoot,
  hostNetwork,
  hostPort,
] as const satisfies readonly Check[];
