import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { listen, parseListenAddress } from '../../src/server/listen.ts';

describe('HOST:PORT', () => {
  test.each([
    ['127.0.0.1:10250', { host: '127.0.0.1', port: 10250 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::]:443', { host: '::', port: 443 }],
  ])('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  test.each(['10250', ':10250', '::1:443', 'host:', 'host:65536', 'host:-1', 'host:1x', '', '[]:1'])(
    '%j is none',
    (text) => {
      expect(parseListenAddress(text)).toBeUndefined();
    },
  );
});

test('a port in use is told in one line', async () => {
  const first = createServer();
  const port = await listen(first, { host: '127.0.0.1', port: 0 });
  const second = createServer();
  await expect(listen(second, { host: '127.0.0.1', port })).rejects.toThrow(
    `127.0.0.1:${String(port)} is in use by another process`,
  );
  first.close();
});
