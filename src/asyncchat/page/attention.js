// What was read: unread counts, the line "new", the title, notifications, and what a screen reader hears.

import { make } from "./elements.js";
import { placeOf } from "./kept.js";
import { keyOf } from "./text.js";

const HEARD = 5;
const TELL_AFTER = 1_000; // so that a busy room does not make a line of each message
const place = placeOf("localStorage");
const SETTING = "asyncchat-notifications";

export class Attention {
  // `on`: open(name), read(name, seq)
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.heard = document.getElementById("heard");
    this.isAtBottom = () => true;
    this.seen = new Map(); // rooms, and the last message that was seen there, which the server is to be told
    addEventListener("focus", () => this.look());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.leave() : this.look()));
    addEventListener("blur", () => this.leave());
    addEventListener("pagehide", () => this.tell());
  }

  get isThere() {
    return !document.hidden && document.hasFocus();
  }

  get isNotifying() {
    return place.get(SETTING) === "on" && "Notification" in window && Notification.permission === "granted";
  }

  // Ask the browser for notifications, or stop them; return what to tell.
  async toggle() {
    if (this.isNotifying) {
      place.remove(SETTING);
      return "Notifications are off.";
    }
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    if (answer !== "granted") return "The browser does not allow notifications: allow them for this page in its settings.";
    place.set(SETTING, "on");
    return "You get a notification when someone mentions you or writes to you privately.";
  }

  // There is a new message; `isMissed`: it came while there was no connection.
  arrived(conversation, item, isMissed) {
    const { model } = this;
    if (item.isOwn || model.ignored.has(keyOf(item.from))) return;
    const calls = item.calls || conversation.isPrivate;
    const isCurrent = conversation === model.current;
    if (!(isCurrent && this.isThere && this.isAtBottom() && !isMissed)) {
      conversation.unread += 1;
      conversation.calls += calls ? 1 : 0;
      if (conversation.unread === 1) conversation.marker = item;
    }
    if (calls && !this.isThere) this.#notify(conversation, `${item.from}: ${item.text}`);
    if (isCurrent) this.say(`${item.from}: ${item.text}`);
    else if (calls) this.say(`${item.from} in ${conversation.title}: ${item.text}`);
    this.title();
  }

  // Private messages wait that the server has not sent.
  waits(conversation, messages) {
    const isMore = messages > conversation.unread;
    Object.assign(conversation, { unread: messages, calls: messages });
    if (isMore) {
      const text = `${conversation.title} has written to you privately.`;
      this.say(text);
      if (!this.isThere) this.#notify(conversation, text);
    }
    this.title();
  }

  clear(conversation) {
    Object.assign(conversation, { unread: 0, calls: 0 });
    this.title();
  }

  // What is at the bottom of the current conversation is read while the user is there.
  look() {
    const { current } = this.model;
    if (!this.isThere || !this.isAtBottom() || current.isOpening) return;
    if (current.unread) this.clear(current);
    if (current.isPrivate || current.last <= current.told) return; // private messages are read when they are sent
    this.seen.set(current, current.last);
    this.telling ??= setTimeout(() => this.tell(), TELL_AFTER);
  }

  // Tell the server what was read.
  tell() {
    clearTimeout(this.telling);
    this.telling = null;
    for (const [conversation, seq] of this.seen) {
      conversation.told = seq;
      this.on.read(conversation.name, seq);
    }
    this.seen.clear();
  }

  // The line "new" has been seen.
  leave() {
    this.tell();
    const { current } = this.model;
    if (!current.unread) current.marker = null;
  }

  title(name = this.model.current.title) {
    const all = [...this.model.conversations.values()];
    const unread = all.reduce((sum, each) => sum + each.unread, 0);
    const calls = all.some((each) => each.calls);
    document.title = name ? `${unread ? `(${unread}${calls ? "!" : ""}) ` : ""}${name} – asyncchat` : "asyncchat";
  }

  say(text) {
    this.heard.append(make("p", {}, text));
    while (this.heard.children.length > HEARD) this.heard.firstChild.remove();
  }

  #notify(conversation, body) {
    if (!this.isNotifying) return;
    let shown;
    try {
      shown = new Notification(conversation.title, { body: body.slice(0, 200), tag: `${conversation.name}` });
    } catch {
      place.remove(SETTING); // as on Android, where pages may ask for notifications, and not make them
      conversation.note("This browser shows no notifications of pages: they are off now.", "error");
      return;
    }
    shown.onclick = () => {
      window.focus();
      this.on.open(conversation.name);
      shown.close();
    };
  }
}
