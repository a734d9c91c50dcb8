import type { Fault } from '../../support/fault-store.ts';
import { sendXml } from '../../support/fault-store.ts';

/** An answer with this error code, for everything. */
export function saying(status: number, code: string, headers?: Readonly<Record<string, string>>): Fault {
  return (asked, response, _, store) => {
    store.refuse(asked, response, status, code, headers);
    return undefined;
  };
}

/** Azure's one code for keys, clocks and signatures, and what it says beside it. */
export function refusing(detail: string): Fault {
  return (_, response) => {
    const xml = `<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`;
    sendXml(response, 403, xml, { 'x-ms-request-id': 'b7a5', 'x-ms-error-code': 'AuthenticationFailed' });
    return undefined;
  };
}

/** An answer that is none of a store. */
export function page(
  status: number,
  type: string | null,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Fault {
  return (_, response) => {
    response.writeHead(status, { ...(type === null ? {} : { 'content-type': type }), ...headers });
    response.end(body);
    return undefined;
  };
}

export const loginPage = '<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>';

/** The fault the first `count` times, and a store that is well then. */
export function first(count: number, fault: Fault): Fault {
  return (asked, response, times, store) => (times < count ? fault(asked, response, times, store) : 'healthy');
}

/** Only for these methods; the rest is well. */
export function only(method: string, fault: Fault): Fault {
  let times = 0;
  return (asked, response, _, store) => (asked.method === method ? fault(asked, response, times++, store) : 'healthy');
}

export const silent: Fault = () => undefined;

export const hangsUp: Fault = (_, response) => {
  response.socket?.destroy();
  return undefined;
};

/** It was carried out, and nobody was told. */
export const losesAnswer: Fault = (asked, response, _, store) => {
  store.answer(asked, discarding(response));
  response.socket?.destroy();
  return undefined;
};

/** What is written to it goes nowhere. */
function discarding(response: Parameters<Fault>[1]): Parameters<Fault>[1] {
  const nowhere = { writeHead: () => nowhere, end: () => nowhere };
  return Object.assign(Object.create(response) as typeof response, nowhere);
}

/** Of what is asked for, this many bytes, and then this. */
export function bodyOf(
  bytes: number,
  end: 'cut' | 'stall' | 'chunked',
  change: (piece: Buffer) => Buffer = (piece) => piece,
): Fault {
  return (asked, response, _, store) => {
    const found = store.objects.get(asked.key);
    if (asked.method !== 'GET' || found === undefined) {
      return 'healthy';
    }
    const range = /^bytes=(\d+)-/.exec(asked.headers.range ?? '')?.[1];
    const from = Number(range ?? 0);
    const size = found.bytes.length;
    response.writeHead(range === undefined ? 200 : 206, {
      ...store.objectHeaders,
      ...(range === undefined ? found.headers : withoutChecksums(found.headers)),
      etag: found.etag,
      ...(end === 'chunked' ? {} : { 'content-length': size - from }),
      ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${size - 1}/${size}` }),
    });
    response.write(change(found.bytes.subarray(from, from + bytes)), () => {
      if (end === 'cut') {
        response.socket?.destroy();
      } else if (end !== 'stall') {
        response.end();
      }
    });
    return undefined;
  };
}

/** Those are of the whole. */
function withoutChecksums(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/checksum|md5|hash/.test(name)));
}

export const errorInside: Fault = (_, response) => {
  sendXml(response, 200, '<Error><Code>InternalError</Code><Message>We failed.</Message></Error>');
  return undefined;
};
