import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** The network between the tool and the server. */
export interface CutProxy {
  readonly port: number;
  /** Drops every connection without a word, as a firewall that was restarted. */
  cut(): void;
  /** Drops what comes from now on too, until `mend`. */
  sever(): void;
  /** Passes on what the tool says, and keeps back what the server answers to it, until the connections are cut. */
  mute(): void;
  /**
   * Cuts the connection that next sends this text: before the server has it, or once the server has answered, so that it was
   * done and nobody was told. Resolves as it is cut.
   */
  cutAtStatement(text: string, when: 'unsent' | 'unanswered'): Promise<void>;
  mend(): void;
  close(): Promise<void>;
}

/** Passes bytes on to a port of this machine until it is told not to. */
export async function startCutProxy(port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  const answering = new Map<Socket, Socket>();
  let severed = false;
  let trap:
    | { readonly text: string; readonly when: 'unsent' | 'unanswered'; readonly sprung: () => void }
    | undefined;
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
    outgoing.pipe(incoming);
    const guard = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        if (trap === undefined || !chunk.includes(trap.text)) return pass(undefined, chunk);
        const { when, sprung } = trap;
        trap = undefined;
        const drop = (): void => {
          incoming.resetAndDestroy();
          outgoing.destroy();
          sprung();
        };
        if (when === 'unsent') return drop();
        outgoing.unpipe(incoming);
        outgoing.once('data', drop).resume();
        pass(undefined, chunk);
      },
    });
    incoming.pipe(guard).pipe(outgoing);
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
    cutAtStatement: (text, when) =>
      new Promise((sprung) => {
        trap = { text, when, sprung };
      }),
    mend: () => {
      trap = undefined;
      severed = false;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
