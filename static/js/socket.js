// The websocket: opens, watches that it lives, closes. When to try again is for connection.js to say.

const HELLO_MS = 6000;
const PING_MS = 25000;
const PONG_MS = 8000;

export class Socket {
  #socket = null;
  #timer = 0;

  constructor(path, { onframe, onopen, onclose }) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.url = url;
    this.onframe = onframe;
    this.onopen = onopen;
    this.onclose = onclose;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.close();
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(socket, JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(socket, code);
    this.#expect(HELLO_MS);
  }

  send(frame) {
    if (this.isOpen) this.#socket.send(JSON.stringify(frame));
    return this.isOpen;
  }

  // Ask for a sign of life now, e.g. after the machine slept.
  ping() {
    if (this.send({ type: "ping" })) this.#expect(PONG_MS);
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  follow() {} // the server follows what `open` and `send` name

  #receive(socket, frame) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ping(), PING_MS);
    if (frame.type === "hello") this.onopen(frame);
    else if (frame.type !== "pong") this.onframe(frame);
  }

  #expect(ms) {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#timer = setTimeout(() => this.#closed(socket, 0), ms);
  }

  // A dead network reports no close: after the wait the socket counts as closed, whatever it says later.
  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.close();
    this.onclose(code);
  }
}
