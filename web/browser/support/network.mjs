// The network between phone and server: a proxy that can be cut. While the server does not serve
// the pages itself (EXAM_WEB_STATIC=here), it serves them from web/dist with the same headers.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const SERVES_PAGES = process.env.EXAM_WEB_STATIC === 'here';
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export class Network {
  constructor(server) {
    this.server = server;
    this.sockets = new Set();
    this.isCut = false;
    this.refusesSockets = false;
    this.requests = [];
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

  async pass(incoming, outgoing) {
    this.requests.push(`${incoming.method} ${incoming.url}`);
    if (SERVES_PAGES && (await this.page(incoming, outgoing))) return;
    const { method, headers, url: path } = incoming;
    const onward = request({ host: '127.0.0.1', port: this.server.port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  async page(incoming, outgoing) {
    const { pathname } = new URL(incoming.url, this.origin);
    const path = pathname === '/' ? '/index.html' : pathname === '/console' ? '/console.html' : pathname;
    const type = TYPES[extname(path)];
    if (incoming.method !== 'GET' || !type || path.startsWith('/docs')) return false;
    const file = join(DIST, normalize(path));
    const kept = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store';
    const headers = { 'content-type': type, 'content-security-policy': CSP, 'cache-control': kept, 'x-content-type-options': 'nosniff' };
    const accepted = incoming.headers['accept-encoding'] ?? '';
    for (const [coding, ending] of [['br', '.br'], ['gzip', '.gz'], [null, '']]) {
      if (coding && !accepted.includes(coding)) continue;
      const bytes = await readFile(file + ending).catch(() => null);
      if (!bytes) continue;
      outgoing.writeHead(200, coding ? { ...headers, 'content-encoding': coding } : headers);
      outgoing.end(bytes);
      return true;
    }
    return false;
  }

  upgrade(incoming, socket, head) {
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
