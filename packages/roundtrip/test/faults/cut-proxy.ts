import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** The network between the tool and the server. */
export interface CutProxy {
  readonly port: number;
  /** Drops every connection without a word, as a firewall that was restarted. */
  cut(): void;
  /** Drops what comes from now on too, until `mend`. */
  sever(): void;
  /** Passes on what the tool says, and keeps back what the server answers to it, until the connections are cut. */
  mute(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Passes bytes on to a port of this machine until it is told not to. */
export async function startCutProxy(port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  const answering = new Map<Socket, Socket>();
  let severed = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined); // The other side was cut: `close` follows.
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((incoming) => {
    keep(incoming);
    if (severed) return void incoming.resetAndDestroy();
    const outgoing = connect({ port, host: '127.0.0.1' });
    keep(outgoing);
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => {
      answering.delete(outgoing);
      incoming.destroy();
    });
    answering.set(outgoing, incoming);
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    sever: () => {
      severed = true;
      cut();
    },
    mute: () => {
      for (const [outgoing, incoming] of answering) {
        outgoing.unpipe(incoming);
        outgoing.resume();
      }
    },
    mend: () => {
      severed = false;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
