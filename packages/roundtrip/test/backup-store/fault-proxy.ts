import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the proxy does to one request instead of passing it on unchanged. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** Flips a bit of what is sent. */
  | { readonly kind: 'corrupt-request' }
  | { readonly kind: 'corrupt-answer' }
  /** Cuts the connection in the middle of the answer's body. */
  | { readonly kind: 'cut-answer' }
  | { readonly kind: 'drop' }
  /** Calls somebody instead of the store, or after it has acted and before the answer is passed on. */
  | { readonly kind: 'tell'; readonly when: 'before' | 'after'; readonly tell: () => Promise<void> };

export interface SeenRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface FaultProxy {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Decides about each request from now on; undefined passes it on. */
  setFault(fault: (seen: SeenRequest) => Fault | undefined): void;
  close(): Promise<void>;
}

/** A proxy in front of a real store, which loses, cuts, changes and refuses. */
export async function startFaultProxy(origin: string): Promise<FaultProxy> {
  const requests: SeenRequest[] = [];
  let faultOf: (seen: SeenRequest) => Fault | undefined = () => undefined;
  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    const seen = {
      method: incoming.method ?? '',
      path: decodeURIComponent(new URL(incoming.url ?? '/', origin).pathname),
      headers: incoming.headers,
    };
    requests.push(seen);
    const fault = faultOf(seen);
    if (fault?.kind === 'drop') return void incoming.socket.destroy();
    if (fault?.kind === 'answer') {
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      const xml = `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>said the proxy</Message></Error>`;
      return void outgoing.end(incoming.method === 'HEAD' ? undefined : xml);
    }
    if (fault?.kind === 'corrupt-request' && body.length > 0) flip(body);
    if (fault?.kind === 'tell' && fault.when === 'before') {
      await fault.tell();
      return void incoming.socket.destroy();
    }
    const answer = await passOn(origin, incoming, body);
    if (fault?.kind === 'tell' && fault.when === 'after') await fault.tell();
    if (fault?.kind === 'corrupt-answer' && answer.body.length > 0) flip(answer.body);
    outgoing.writeHead(answer.status, answer.headers);
    if (fault?.kind !== 'cut-answer') return void outgoing.end(answer.body);
    outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () =>
      incoming.socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    setFault(fault) {
      faultOf = fault;
      requests.length = 0;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function flip(bytes: Buffer): void {
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function passOn(
  origin: string,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    // The store is to see what was sent, `Host` and with it the signature included.
    const { connection: _, 'transfer-encoding': __, expect: ___, ...headers } = incoming.headers;
    const { hostname, port } = new URL(origin);
    const outgoing = request(
      {
        method: incoming.method,
        path: incoming.url,
        headers: { ...headers, 'content-length': String(body.length) },
        hostname,
        port,
      },
      async (answer) => {
        const kept = Object.entries(answer.headers).flatMap(([name, value]) =>
          value === undefined || name === 'connection' || name === 'transfer-encoding'
            ? []
            : [[name, String(value)]],
        );
        resolve({
          status: answer.statusCode ?? 500,
          headers: Object.fromEntries(kept) as Record<string, string>,
          body: await bodyOf(answer),
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
