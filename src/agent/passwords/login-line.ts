import { randomInt } from 'node:crypto';

const begin = '# pgusher: begin (one login after a restore; pgusher takes it out again)';
const end = '# pgusher: end';

/**
 * pg_hba.conf with a first record that lets the superuser in without a password from one address of loopback. A database that was restored from
 * another set's backup has that set's passwords and its pg_hba.conf: nobody in this pod could log in to set a new one, and the file is read at the
 * server's start and by its own reload only. The address is drawn by lot out of 127.0.0.0/8 and stands in files of mode 0600 alone. Nothing from
 * outside comes from there: the kernel drops such packets (martian source), and what a mesh or `kubectl port-forward` passes on comes from
 * 127.0.0.1, 127.0.0.6 or the pod's address. So not 127.0.0.1, which the image's own pg_hba.conf trusts.
 * @returns undefined where the name cannot stand in the file.
 */
export function withLoginLine(text: string, user: string, address: string): string | undefined {
  // From version 16 on a name that begins with / is a regular expression.
  if (/[\r\n]/.test(user) || user.startsWith('/')) {
    return undefined;
  }
  const line = `host postgres,template1 "${user.replaceAll('"', '""')}" ${address}/32 trust`;
  return `${begin}\n${line}\n${end}\n${withoutLoginLine(text)}`;
}

/** Everything else stays byte for byte. */
export function withoutLoginLine(text: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + end.length).replace(/^\n/, '');
}

/** 127.1.0.1 to 127.254.255.254: none that a proxy uses (127.0.0.0/24). */
export function drawAddress(): string {
  return ['127', randomInt(1, 255), randomInt(0, 256), randomInt(1, 255)].join('.');
}
