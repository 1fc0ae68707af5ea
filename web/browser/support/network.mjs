// The network between phone and server: a proxy that can be cut.
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

export class Network {
  constructor(server) {
    this.server = server;
    this.sockets = new Set();
    this.isCut = false;
    this.refusesSockets = false;
    this.requests = [];
    this.answers = [];
    this.upgrades = 0;
  }

  static async lay(server) {
    const network = new Network(server);
    network.http = createServer((incoming, outgoing) => network.pass(incoming, outgoing));
    network.http.on('upgrade', (incoming, socket, head) => network.upgrade(incoming, socket, head));
    network.http.on('connection', (socket) => {
      if (network.isCut) socket.destroy();
      network.sockets.add(socket);
      socket.on('close', () => network.sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    });
    await new Promise((resolve) => network.http.listen(0, '127.0.0.1', resolve));
    network.origin = `http://127.0.0.1:${network.http.address().port}`;
    return network;
  }

  /** Nothing comes through any more, and what was open is gone. */
  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => this.http.close(resolve));
  }

  pass(incoming, outgoing) {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    const { method, headers, url: path } = incoming;
    const onward = request({ host: '127.0.0.1', port: this.server.port, method, path, headers }, (answer) => {
      this.answers.push({ method, url: path, status: answer.statusCode, bytes: Number(headers['content-length'] ?? 0) });
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  upgrade(incoming, socket, head) {
    this.upgrades += 1;
    if (this.refusesSockets) {
      socket.destroy();
      return;
    }
    socket.isWebSocket = true;
    const onward = connect(this.server.port, '127.0.0.1', () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let i = 0; i < incoming.rawHeaders.length; i += 2) lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  }
}
