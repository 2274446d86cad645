// The connection: the JSON events over a WebSocket, which reconnects by itself. What was said is kept until the server
// has acknowledged it, and sent again with the same id after a reconnect, so that nothing is lost or posted twice.

import { placeOf } from "./kept.js";
import { roomOf } from "./text.js";

const KEPT = "asyncchat";
const place = placeOf("sessionStorage");
const MOST_UNANSWERED = 32;
const PING_AFTER = 30_000;
const ANSWER_WITHIN = 3_000;
const WELCOME_WITHIN = 10_000;
// Where there are other servers to go to:
const NEXT_WITHIN = 1_000; // must a server open a connection, and when all were tried, in
const SLOW_WITHIN = 5_000;
const PING_SOONER = 10_000; // and the answer in
const ANSWER_SOONER = 5_000;
const LONGEST_PAUSE = 30_000;
const AGAIN_AFTER_RELOAD = 100; // messages that a reloaded page asks for again

const OF_ENTRY = new Set([
  "name-taken", "name-refused", "name-reserved", "name-registered", "login-taken", "incorrect-login",
  "incorrect-password", "short-password", "long-password", "password-refused", "plain-password", "guest", "no-invite",
  "no-store", "no-name", "secret",
]);

export class Link {
  // `on`: what to call with each event of the server, and with those of the link itself: `entry` (the server refuses the
  // name), `lost`, `ended`.
  constructor(on) {
    this.on = on;
    this.waiting = []; // said, and neither acknowledged nor refused: {id, text, conversation, sent}
    this.who = null;
    this.token = this.epoch = "";
    this.positions = new Map(); // of rooms: {seen, first}
    this.lastId = this.newestSent = 0;
    this.isIn = false;
    this.socket = null;
    this.pause = 2_000;
    this.pages = []; // of other servers with this chat
    this.at = this.hops = 0; // which of them is used, 0 for the page's own server; and how many were tried at once
    setInterval(() => this.#watch(), 1_000);
    addEventListener("online", () => this.check());
    addEventListener("offline", () => this.socket && this.#lose("this device is offline"));
    document.addEventListener("visibilitychange", () => document.hidden ? this.keep() : this.check());
    addEventListener("pagehide", () => this.keep());
  }

  enter(name, password, register) {
    Object.assign(this, { who: { name, password, register }, token: "", epoch: "" });
    this.positions.clear();
    this.#connect();
  }

  // Continue where this tab was before it was loaded anew; tell whether there is something to continue.
  restore() {
    const kept = JSON.parse(place.get(KEPT) ?? "null");
    if (!kept?.token) return false;
    const { name, token, epoch, positions, lastId, newestSent, waiting, conversation, pages = [] } = kept;
    Object.assign(this, { who: { name }, token, epoch, lastId, newestSent, waiting, conversation, pages });
    for (const [room, { seen, first, read }] of positions) {
      const again = Math.max(first - 1, seen - AGAIN_AFTER_RELOAD, 0);
      this.positions.set(room, { seen: again, first, read, top: seen });
    }
    this.#connect();
    return true;
  }

  keep() {
    if (!this.token) return;
    const { token, epoch, lastId, newestSent, conversation, pages } = this;
    const waiting = this.waiting.filter((say) => !say.isSecret && !say.quiet);
    const positions = [...this.positions].map(([room, { seen, first, read, top = 0 }]) =>
      [room, { seen: Math.max(seen, top), first, read: this.on.readIn(room) || read }]);
    const name = this.who.name;
    const kept = { name, token, epoch, positions, lastId, newestSent, waiting, conversation, pages };
    place.set(KEPT, JSON.stringify(kept));
  }

  // Return what stands for it until it is answered. `how`: conversation, isSecret, quiet.
  say(text, how = {}) {
    this.lastId = Math.max(this.lastId + 1, Date.now() * 1000); // also after this tab was duplicated
    const say = { id: this.lastId, text, ...how };
    this.waiting.push(say);
    this.#flush();
    if (!how.quiet) this.keep();
    return say;
  }

  send(event) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(event));
  }

  // After sleep a dead socket looks open: ask at once.
  check() {
    if (this.isIn) {
      this.#ask();
    } else if (this.retry) {
      this.now();
    }
  }

  now() {
    clearTimeout(this.retry);
    this.pause = 2_000;
    this.#connect();
  }

  // Leave the chat; the name is free at once.
  leave(forget = true) {
    this.#close();
    if (forget) {
      place.remove(KEPT);
      this.token = this.epoch = "";
      this.waiting = [];
    }
    this.who = null;
  }

  #connect() {
    this.#close();
    const base = this.at ? `${this.pages[this.at - 1]}/` : location.href.replace(/[?#].*/, "");
    const socket = new WebSocket(new URL("ws", base.replace(/^http/, "ws")));
    this.socket = socket;
    this.heard = Date.now();
    const mine = (act) => (event) => socket === this.socket && act(event);
    socket.addEventListener("open", mine(() => {
      clearTimeout(this.opening);
      this.send(this.#hello());
    }));
    if (this.pages.length) { // the system accepts connections for a frozen server
      const within = this.hops > this.pages.length ? SLOW_WITHIN : NEXT_WITHIN;
      this.opening = setTimeout(() => this.#lose("the server does not answer"), within);
    }
    socket.addEventListener("message", mine(({ data }) => {
      this.heard = Date.now();
      this.asked = 0;
      clearTimeout(this.verdict);
      for (const line of data.split("\n")) {
        if (line && socket === this.socket) this.#take(JSON.parse(line));
      }
      this.on.batch?.();
    }));
    socket.addEventListener("close", mine(({ reason }) => this.#lose(reason)));
  }

  #close() {
    const socket = this.socket;
    this.socket = null;
    this.isIn = false;
    this.lastWords = "";
    clearTimeout(this.retry);
    clearTimeout(this.verdict);
    clearTimeout(this.opening);
    this.retry = 0;
    socket?.close();
  }

  #lose(why) {
    const said = (this.lastWords || why || "the server can't be reached").replace(/\.$/, "");
    this.#close();
    this.at = (this.at + 1) % (this.pages.length + 1);
    let pause = 0; // the other servers are tried at once, each once
    if (this.hops++ >= this.pages.length) {
      pause = this.pause * (0.5 + Math.random() / 2);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    }
    this.retry = setTimeout(() => this.#connect(), pause);
    this.on.lost(said, Date.now() + pause);
  }

  #watch() {
    const silence = Date.now() - this.heard;
    if (this.socket && !this.isIn && silence > WELCOME_WITHIN) this.#lose("the server does not answer");
    else if (!this.isIn) return;
    else if (this.pages.length && silence > PING_SOONER) this.#ask(ANSWER_SOONER);
    else if (silence > PING_AFTER) this.#ask(WELCOME_WITHIN);
  }

  #ask(within = ANSWER_WITHIN) {
    if (this.asked) return;
    this.asked = Date.now();
    this.send({ type: "ping" });
    this.verdict = setTimeout(() => {
      this.asked = 0;
      this.#lose("the server does not answer");
      this.now();
    }, within);
  }

  #hello() {
    const { name, password, register } = this.who;
    const hello = { type: "hello", v: 1, name };
    if (password) hello.password = password;
    const invite = new URLSearchParams(location.search).get("k");
    if (invite) hello.invite = invite;
    if (!this.token) {
      this.wished = roomOf(location.hash);
      if (this.wished.length > 1) hello.rooms = [{ conversation: "" }, { conversation: this.wished }];
      return register ? { ...hello, register } : hello;
    }
    Object.assign(hello, { token: this.token, epoch: this.epoch, after: this.positions.get("")?.seen ?? 0 });
    hello.rooms = [...this.positions].map(([conversation, { seen }]) => ({ conversation, after: seen }));
    hello.conversation = this.on.turned();
    hello.conversation_after = this.on.seenIn(hello.conversation);
    return hello;
  }

  #take(event) {
    switch (event.type) {
      case "ping":
        this.send({ type: "pong" });
        return;
      case "pong":
        return;
      case "welcome":
        this.#comeIn(event);
        return;
      case "ack":
      case "refused":
        this.#answered(event);
        return;
      case "message":
        if (!this.#isNew(event)) return;
        break;
      case "gap":
        this.#see(event.conversation ?? "", event.to);
        break;
      case "room":
        this.#enterRoom(event.conversation, event.seq);
        break;
      case "parted":
        this.positions.delete(event.conversation);
        break;
      case "you":
        this.who.name = event.name;
        break;
      case "error":
        if (this.isIn) break;
        this.#refused(event);
        return;
      case "bye":
        this.lastWords = event.text;
        if (!event.code) return;
        if (event.code === "move") {
          this.#lose(event.text);
          return;
        }
        this.#close();
        this.keep();
        this.on.ended(event);
        return;
    }
    this.on.event(event);
  }

  // The server does not let one in: at the door that is the answer, later on it may only be so for now.
  #refused(error) {
    if (error.code === "banned") {
      this.#close();
      this.on.ended(error);
    } else if (!this.token || OF_ENTRY.has(error.code)) {
      this.#close();
      this.on.entry(error, this.who);
    } else {
      this.#lose(error.text);
    }
  }

  #comeIn(welcome) {
    const before = this.epoch;
    const seen = this.positions.get("")?.seen ?? 0;
    this.isIn = true;
    this.pause = 2_000;
    this.pages = (welcome.pages ?? []).filter((page) => page !== location.origin);
    this.at = Math.max(0, this.at && this.pages.indexOf(this.socket.url.replace(/^ws/, "http").replace(/\/ws$/, "")) + 1);
    setTimeout(() => this.isIn && (this.hops = 0), 2_000);
    this.maxLine = welcome.max_line;
    this.who.register = false;
    this.who.name = welcome.name;
    this.token = welcome.token;
    this.epoch = welcome.epoch;
    welcome.kind = !before ? "first" : before !== welcome.epoch ? "anew" : "again";
    if (before && before !== welcome.epoch) this.positions.clear();
    else if (welcome.seq < seen) this.#see("", welcome.seq, true); // the end of it was lost with the server
    const { seq, members, topic, names } = welcome;
    const lobby = { conversation: "", seq, members, topic, names };
    welcome.rooms = (welcome.rooms ?? [lobby]).map((room) => room === "" ? lobby : room).filter((room) => room.seq >= 0);
    for (const room of welcome.rooms) this.#enterRoom(room.conversation, room.seq);
    this.canEdit = welcome.lines > 0;
    this.canRead = false; // until the server says that it keeps what was read
    this.on.event(welcome);
    if (before === welcome.epoch && !welcome.resumed) {
      // The server has forgotten what came of those that were sent already, but not the messages themselves.
      for (const say of this.waiting.filter(({ id }) => id <= this.newestSent)) {
        this.#answered({ type: "refused", id: say.id, code: "in-doubt", text: "it is not known whether this was posted." });
      }
    }
    for (const say of this.waiting) say.sent = false;
    this.#flush();
    this.keep();
  }

  #enterRoom(conversation, seq) {
    if (!this.positions.has(conversation)) this.positions.set(conversation, { seen: 0, first: 0, last: seq });
  }

  #isNew({ conversation = "", seq }) {
    if (conversation && !conversation.startsWith("#")) return true; // it is known by its number there
    const position = this.positions.get(conversation) ?? { seen: 0, first: seq };
    this.positions.set(conversation, position);
    if (position.seen && seq <= position.seen) return false;
    if (position.seen && seq > position.seen + 1) {
      this.on.event({ type: "gap", from: position.seen + 1, to: seq - 1, conversation });
    }
    position.seen = seq;
    position.first ||= seq;
    return true;
  }

  #see(conversation, seq, back = false) {
    const position = this.positions.get(conversation);
    if (position) position.seen = back ? seq : Math.max(position.seen, seq);
  }

  #flush() {
    if (!this.isIn) return;
    let unanswered = this.waiting.filter(({ sent }) => sent).length;
    for (const say of this.waiting) {
      if (say.sent) continue;
      if (unanswered++ >= MOST_UNANSWERED) break;
      say.sent = true;
      this.newestSent = Math.max(this.newestSent, say.id);
      const { id, text, conversation, event } = say;
      this.send(event ? { ...event, id } : { type: "say", id, text, conversation });
    }
  }

  #answered(answer) {
    const at = this.waiting.findIndex(({ id }) => id === answer.id);
    if (at < 0) return;
    const [say] = this.waiting.splice(at, 1);
    this.on.answered(answer, say);
    this.#flush();
    if (!say.quiet) this.keep();
  }
}
