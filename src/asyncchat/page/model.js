// What is known: the conversations with their messages, who is there, and who one is.

import { keyOf, mentions } from "./text.js";

const GROUPED_FOR = 5 * 60_000;
const MOST = 20_000; // items of a conversation in memory
const MOST_PEOPLE = 500; // names of a room in memory

export class Conversation {
  constructor(name) {
    this.name = name; // "" is the default room, #ops another one, bob a private conversation
    this.title = name || "#lobby"; // of the default room, until the server tells its name
    this.items = []; // messages and notes, in the order in which they are shown
    this.seqs = new Map(); // messages by their numbers
    this.people = new Map(); // names by their keys, the one heard of last at the end
    this.members = this.unread = this.calls = this.last = this.told = 0; // told: as read, to the server
    this.topic = this.draft = this.role = "";
    this.refused = []; // texts that come back into the input: {text, why}
    this.marker = null; // the item above which the line "new" stands
    this.isComplete = false; // nothing is to be had before the first item
    this.isRefused = false; // a private conversation that the server refuses: commands there would answer for a room
    this.isPrivate = Boolean(name) && !name.startsWith("#");
  }

  get first() {
    return this.items.find(({ seq }) => seq);
  }

  // The number of the last message that was read.
  get read() {
    return this.unread && this.marker?.seq ? this.marker.seq - 1 : this.last;
  }

  // Add a message; tell whether it is new.
  add(message) {
    const known = this.seqs.get(message.seq);
    const second = (time) => Math.floor(time / 1000); // of those from the history no more is known
    if (known && second(known.time) === second(message.time)) return false;
    // The conversation has begun anew, after an account was deleted.
    if (known || (message.seq < this.last && message.time > this.seqs.get(this.last).time)) this.forget();
    if (message.seq < this.last) {
      const at = this.items.findIndex(({ seq }) => seq > message.seq);
      this.items.splice(at, 0, message);
      this.seqs = new Map([...this.seqs, [message.seq, message]].sort(([one], [other]) => one - other));
    } else {
      this.#push(message);
      this.seqs.set(message.seq, message);
      this.last = message.seq;
    }
    return true;
  }

  #push(item) {
    this.items.push(item);
    if (this.items.length <= MOST) return;
    for (const { seq } of this.items.splice(0, MOST / 4)) this.seqs.delete(seq);
    this.isComplete = false;
  }

  // Add messages from before the first one; return how many of them were not known.
  addEarlier(earlier) {
    const before = this.first?.seq ?? Infinity;
    const added = earlier.filter(({ seq }) => seq < before);
    this.items.unshift(...added);
    this.seqs = new Map([...added.map((message) => [message.seq, message]), ...this.seqs]);
    this.last ||= added.at(-1)?.seq ?? 0;
    return added.length;
  }

  note(text, kind = "info") {
    const note = { text, kind, time: Date.now() };
    this.#push(note);
    return note;
  }

  forget() {
    this.items = [];
    this.seqs.clear();
    this.last = 0;
    this.marker = null;
    this.isComplete = false;
  }

  // The server has begun anew: what was said before is shown, and not known to it.
  outlive() {
    for (const item of this.items) item.seq = undefined;
    this.seqs.clear();
    this.last = 0;
    this.isComplete = true;
  }

  edit({ seq, text }, isDeleted) {
    const item = this.seqs.get(seq);
    if (!item) return;
    Object.assign(item, isDeleted ? { isDeleted, me: false } : { ...said(text), isEdited: true });
    item.version = (item.version ?? 0) + 1;
  }

  know(name) {
    const key = keyOf(name);
    this.people.delete(key);
    this.people.set(key, name);
    if (this.people.size > MOST_PEOPLE) this.people.delete(this.people.keys().next().value);
  }
}

// A text as it is shown, and whether it says what its author does (XEP-0245).
function said(text) {
  const me = text.startsWith("/me ");
  return { text: me ? text.slice(4) : text, me };
}

export class Model {
  constructor() {
    this.conversations = new Map();
    this.ignored = new Map();
    this.name = "";
    this.role = "guest";
    this.hasStore = true;
    this.current = this.open("");
  }

  open(name) {
    const key = name.startsWith("#") || !name ? name.toLowerCase() : keyOf(name);
    if (!this.conversations.has(key)) this.conversations.set(key, new Conversation(name));
    return this.conversations.get(key);
  }

  get(name) {
    return this.conversations.get(name.startsWith("#") || !name ? name.toLowerCase() : keyOf(name));
  }

  close(conversation) {
    for (const [key, each] of this.conversations) {
      if (each === conversation && key) this.conversations.delete(key);
    }
  }

  get isModerator() {
    return this.role === "moderator" || this.role === "admin" || this.current.role === "moderator";
  }

  get canChat() {
    return this.role !== "guest" && this.hasStore;
  }

  isRoom(name) {
    return !name || name.startsWith("#");
  }

  isMe(name) {
    return keyOf(name) === keyOf(this.name);
  }

  message({ seq, time, from, text: raw, edited, deleted, new: isNew }) {
    const { text, me } = said(raw);
    const isOwn = this.isMe(from);
    return {
      seq, time: Date.parse(time), from, text, me, isNew, isOwn, isEdited: edited, isDeleted: deleted,
      calls: !isOwn && mentions(text, this.name).length > 0,
    };
  }

  // Return the messages in the answer to /history or /search; each line of a message is a notice of its own.
  fromNotices(notices) {
    const found = [];
    for (const { seq, text, times } of notices.filter((notice) => notice.seq)) {
      const [, from, line] = /^(\S+): ([\s\S]*)$/.exec(text.slice(times[0].length + 1));
      if (found.at(-1)?.seq === seq) found.at(-1).text += `\n${line}`;
      else found.push({ seq, time: times[0], from, text: line });
    }
    return found.map((message) => this.message(message));
  }
}

// Whether an item continues what the same user has said just before.
export function continues(item, before) {
  return Boolean(
    before && item.from && before.from && keyOf(item.from) === keyOf(before.from) && !item.me && !before.me &&
    item.time - before.time < GROUPED_FOR,
  );
}
