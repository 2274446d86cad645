// The page: between what the user does, the connection, and what there is to see.

import { Actions } from "./actions.js";
import { Composer } from "./composer.js";
import { Entry } from "./entry.js";
import { Link } from "./link.js";
import { Log } from "./log.js";
import { Lookup } from "./lookup.js";
import { Model } from "./model.js";
import { Attention } from "./attention.js";
import { Side } from "./side.js";
import { keyOf, local } from "./text.js";

const $ = (id) => document.getElementById(id);

class App {
  constructor() {
    const model = (this.model = new Model());
    this.turning = 0; // commands on their way that change the following
    this.turned = ""; // the conversation whose private messages the server sends
    this.link = new Link({
      event: (event) => this.#take(event),
      answered: (answer, say) => this.#answered(answer, say),
      batch: () => this.show(),
      entry: (error, who) => this.entry.refused(error, who),
      lost: (why, next) => this.entry.lost(why, next),
      ended: (bye) => this.entry.ended(bye),
      turned: () => this.turned,
      readIn: (name) => model.get(name)?.read ?? 0,
      seenIn: (name) => (name && model.get(name)?.last) || 0,
    });
    this.lookup = new Lookup(this.link, model);
    this.attention = new Attention(model, { open: (name) => this.select(name), read: (name, seq) => this.#read(name, seq) });
    this.actions = new Actions(this);
    this.log = new Log(model, {
      nearTop: () => this.#earlier(),
      moved: () => this.#moved(),
      name: (name, element) => this.actions.nameMenu(name, element),
      options: (item, element) => this.actions.messageMenu(item, element),
      hasOptions: (item) => this.actions.hasOptions(item),
    });
    this.side = new Side(model, {
      open: (name) => this.select(name),
      name: (name, element) => this.actions.nameMenu(name, element),
      me: (element) => this.actions.more(element),
      join: () => this.actions.joinRoom(),
      chat: () => this.actions.writePrivately(),
    });
    this.composer = new Composer(model, { send: (text) => this.actions.send(text) });
    this.entry = new Entry(this);
    this.attention.isAtBottom = () => this.log.isPinned;
    $("down").addEventListener("click", () => {
      this.log.toBottom();
      this.composer.input.focus();
    });
    $("now").addEventListener("click", () => this.link.now());
    addEventListener("keydown", (event) => this.#key(event));
    // Where an on-screen keyboard does not make the page smaller.
    visualViewport?.addEventListener("resize", () => {
      if (visualViewport.scale === 1) document.body.style.height = `${visualViewport.height}px`;
    });
    if (this.link.restore()) {
      model.name = this.link.who.name;
      for (const room of this.link.positions.keys()) model.open(room);
      if (this.link.conversation) model.current = model.open(this.link.conversation);
      this.entry.hide();
      this.select(model.current.name);
    } else {
      this.entry.show();
    }
  }

  // Show another conversation.
  select(name) {
    const { model, composer } = this;
    const before = model.current;
    const conversation = model.open(name);
    if (before !== conversation) {
      before.draft = composer.text;
      if (!before.unread) before.marker = null;
      composer.tell("");
    }
    model.current = conversation;
    this.link.conversation = conversation.name;
    if (before !== conversation) composer.text = conversation.draft;
    this.#turn(conversation);
    this.log.show();
    this.show();
    composer.bringBack();
    if (!matchMedia("(pointer: coarse)").matches) composer.input.focus();
    this.link.keep();
    return conversation;
  }

  // Ask the server for the private messages of this conversation, and for no others.
  async #turn(conversation) {
    const wanted = conversation.isPrivate ? conversation.name : "";
    if (this.wanted === wanted || (!wanted && !this.turned && !this.wanted)) return;
    this.wanted = wanted;
    this.turning += 1;
    conversation.isOpening = true;
    const { answer } = await this.lookup.ask(wanted ? `/chat ${wanted}` : "/room");
    this.turning -= 1;
    conversation.isOpening = false;
    const isRefused = answer.type === "refused";
    if (conversation.isRefused !== isRefused) conversation.isRefused = conversation.isComplete = isRefused;
    if (isRefused && this.wanted === wanted) {
      this.wanted = "";
      conversation.note(answer.text, "error");
    }
    this.show();
  }

  #take(event) {
    const { model } = this;
    const { conversation: name = "" } = event;
    switch (event.type) {
      case "message":
        this.#message(event, model.open(name));
        break;
      case "welcome":
        this.#welcome(event);
        break;
      case "joined":
      case "left":
      case "members":
        this.#people(event, model.open(name));
        break;
      case "notice":
        if (!this.lookup.takes(event)) this.#where().note(local(event.text, event.times), "server");
        break;
      case "you":
        if (event.name !== model.name) {
          for (const each of model.conversations.values()) each.people.delete(keyOf(model.name));
          model.current.note(`You are ${event.name} now.`);
        }
        Object.assign(model, { name: event.name, role: event.role });
        break;
      case "turned":
        this.turned = event.conversation;
        if (!this.turning) {
          this.wanted = model.isRoom(this.turned) ? "" : this.turned;
          this.#turn(model.current); // if the server has changed it
        }
        if (event.conversation?.startsWith("#")) this.select(event.conversation);
        break;
      case "unread":
        this.attention.waits(model.open(name), event.messages);
        break;
      case "rank":
        model.open(name).role = event.role ?? "";
        break;
      case "topic":
        model.open(name).topic = event.text;
        model.open(name).note(event.text ? `The topic is now: ${event.text}` : "There is no topic any more.");
        break;
      case "gap": {
        const count = event.to - event.from + 1;
        model.open(name).note(`${count === 1 ? "1 message is" : `${count} messages are`} missing here: the server does not keep them.`);
        break;
      }
      case "room":
        this.#room(event);
        break;
      case "parted":
        this.#parted(event);
        break;
      case "read":
        this.link.canRead = true;
        model.open(name).told = event.seq;
        model.open(name).quietUntil = Math.max(this.link.positions.get(name)?.read ?? 0, event.seq);
        break;
      case "edited":
      case "deleted":
        model.open(name).edit(event, event.type === "deleted");
        break;
      case "error":
        model.current.note(event.text, "error");
        break;
    }
  }

  #message(event, conversation) {
    const item = this.model.message(event);
    item.calls &&= !conversation.isPrivate; // all of it is for the user there
    if (!conversation.isPrivate) conversation.know(item.from);
    if (!conversation.add(item)) return;
    const isHistory = conversation.isPrivate ? conversation.isOpening && !item.isNew : item.seq <= conversation.quietUntil;
    if (!isHistory) this.attention.arrived(conversation, item, item.seq <= conversation.missedUntil);
  }

  #welcome(welcome) {
    const { model } = this;
    const isNew = model.name !== welcome.name;
    Object.assign(model, { name: welcome.name, role: "guest", hasStore: welcome.store !== false });
    this.entry.found();
    if (welcome.kind === "first") {
      const { refused } = model.get("");
      model.conversations.clear();
      this.turned = this.wanted = "";
      model.current = Object.assign(model.open(""), { refused });
    } else if (welcome.kind === "anew") {
      for (const each of model.conversations.values()) each.isPrivate || each.outlive();
      model.open("").note("The server was started anew: it does not know what was said before.");
    } else {
      this.attention.say("Connected again.");
    }
    if (welcome.room) model.open("").title = welcome.room;
    for (const room of welcome.rooms) this.#room(room, welcome.kind);
    if (welcome.kind === "first") {
      this.actions.joining = keyOf(this.link.wished);
      this.select("");
    } else if (isNew) {
      this.select(model.current.name);
    }
    this.link.keep();
  }

  // One is in this room.
  #room(room, kind) {
    const conversation = this.model.open(room.conversation);
    const { members, topic = "", names, seq } = room;
    Object.assign(conversation, { members, topic, role: "" });
    if (names) conversation.people.clear(); // a large room has none: then those are listed who were heard of
    for (const name of [...(names ?? []), this.model.name]) conversation.know(name);
    const position = this.link.positions.get(room.conversation);
    const isKnown = position?.seen || position?.read;
    conversation.quietUntil = kind === "anew" ? 0 : isKnown ? position.read ?? 0 : room.read ?? seq;
    conversation.missedUntil = seq;
    if (!room.conversation || this.actions.joining !== keyOf(room.conversation)) return;
    this.actions.joining = "";
    this.select(room.conversation);
  }

  #parted({ conversation: name, text, code }) {
    const conversation = this.model.get(name);
    if (conversation) this.model.close(conversation);
    if (this.model.current === conversation) this.select("");
    if (code) this.model.current.note(`${name}: ${text}`, "error");
  }

  #people({ type, name, members }, conversation) {
    conversation.members = members;
    if (type === "joined") conversation.know(name);
    if (type === "left") conversation.people.delete(keyOf(name));
    if (conversation.people.size > members) this.lookup.people(conversation).then(() => this.show());
  }

  // Where the answer to a command is shown.
  #where() {
    const command = this.link.waiting.find(({ text, sent }) => sent && text.startsWith("/"));
    return this.model.get(command?.conversation ?? this.model.current.name) ?? this.model.current;
  }

  #answered(answer, say) {
    if (answer.type === "refused" && !say.done) this.#refused(answer, say);
    say.done?.(answer);
    this.show();
  }

  #refused({ text, code }, say) {
    const conversation = this.model.get(say.conversation) ?? this.model.current;
    const why = `Not sent: ${text.replace(/^your line was not sent: /, "")}`;
    if (code === "secret") this.composer.sent = this.composer.sent.filter((each) => each !== say.text);
    if (!say.isSecret) conversation.refused.push({ text: say.text, why });
    if (conversation !== this.model.current) conversation.note(why, "error");
    else this.composer.tell(why);
    this.composer.bringBack();
  }

  async #earlier() {
    const { current } = this.model;
    if (current.isLoading || current.isComplete || current.isOpening || !this.link.isIn) return;
    const loading = this.lookup.earlier(current);
    this.#start();
    await loading;
    if (current === this.model.current) this.log.render();
    this.#start();
  }

  // What stands above the first message.
  #start() {
    const { current, hasStore } = this.model;
    const isEmpty = !current.items.length;
    let text = "";
    if (current.isRefused) text = "";
    else if (current.isLoading) text = "Loading earlier messages…";
    else if (isEmpty && this.link.isIn && (current.isComplete || current.isPrivate)) text = "Nothing was said here yet. Write the first message below.";
    else if (current.isComplete) text = hasStore ? `This is the beginning of ${current.isPrivate ? "your conversation with " : ""}${current.title}.` : "The server keeps no earlier messages.";
    $("start").textContent = text;
    $("start").classList.toggle("empty", isEmpty);
  }

  #moved() {
    this.attention.look();
    const { unread } = this.model.current;
    const down = $("down");
    down.hidden = this.log.isPinned;
    down.textContent = unread ? `↓ ${unread} new message${unread === 1 ? "" : "s"}` : "↓ Newest messages";
    if (!this.log.from && this.log.scroller.scrollTop < 200) this.#earlier();
  }

  #read(conversation, seq) {
    if (this.link.canRead && this.link.isIn) this.link.send({ type: "read", conversation, seq });
  }

  // Show what has changed.
  show() {
    const { current } = this.model;
    this.log.waiting = this.link.waiting.map(({ row }) => row).filter(Boolean);
    this.log.update();
    this.side.update();
    this.attention.look();
    this.#start();
    $("title").textContent = current.title;
    this.composer.input.placeholder = `Write to ${current.title}`;
    $("topic").textContent = current.isPrivate ? "private: only the two of you see this" : current.topic || (current.members ? `${current.members} online` : "");
  }

  #key(event) {
    const { key, altKey, ctrlKey, metaKey, target } = event;
    if (event.isComposing || $("chat").hidden || $("dialog").open) return;
    if (altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      const all = [...this.model.conversations.values()].sort((one, other) => one.isPrivate - other.isPrivate);
      const at = all.indexOf(this.model.current) + (key === "ArrowUp" ? -1 : 1);
      this.select(all.at(at % all.length).name);
      event.preventDefault();
    } else if (key === "Escape") {
      this.actions.closeSearch();
      this.log.toBottom();
      this.composer.input.focus();
    } else if ((key === "PageUp" || key === "PageDown") && target === this.composer.input) {
      this.log.scroller.scrollBy(0, this.log.scroller.clientHeight * (key === "PageUp" ? -0.9 : 0.9));
      event.preventDefault();
    } else if (key.length === 1 && !ctrlKey && !metaKey && !altKey && key !== " " && !target.closest("input, textarea, #menu")) {
      this.composer.input.focus(); // which takes the key
    }
  }
}

new App();
