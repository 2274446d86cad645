// What the user does: sending, commands of the page, menus, search.

import { commandOf, isCommand, usable } from "./composer.js";
import { make } from "./elements.js";
import { ask, openMenu } from "./panels.js";
import { keyOf, short } from "./text.js";

const $ = (id) => document.getElementById(id);

export class Actions {
  constructor(app) {
    this.app = app;
    this.model = app.model;
    this.link = app.link;
    this.joining = ""; // the room that is being entered, by its key
    $("open-more").addEventListener("click", () => this.more($("open-more")));
    $("open-search").addEventListener("click", () => ($("search").hidden ? this.openSearch() : this.closeSearch()));
    $("close-search").addEventListener("click", () => this.closeSearch());
    $("find").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search($("words").value.trim());
    });
  }

  get canEdit() {
    return Boolean(this.link.canEdit);
  }

  send(text) {
    const { model, app } = this;
    const command = isCommand(text) && commandOf(text);
    // Several lines are text, even if the first one looks like a command that does not exist.
    if (isCommand(text) && !command && text.includes("\n")) text = `/${text}`;
    const bytes = new TextEncoder().encode(text).length;
    if (this.link.maxLine && bytes > this.link.maxLine) {
      app.composer.text = text;
      app.composer.tell(`Not sent: it has ${bytes} bytes, and may have ${this.link.maxLine}. Send it in parts.`);
      return;
    }
    model.current.marker = null;
    if (isCommand(text)) {
      this.#run(text, command);
      return;
    }
    app.composer.remember(text);
    const conversation = model.current.name;
    const row = { text: text.replace(/^\/\//, "/"), from: model.name, time: Date.now(), isOwn: true, conversation };
    const say = this.link.say(text, { conversation, row });
    row.id = say.id;
    app.log.isPinned = true;
    app.show();
  }

  command(text, how = {}) {
    this.link.say(text, { conversation: this.model.current.name, ...how });
    this.app.show();
  }

  #run(text, command) {
    const { app, model } = this;
    const argument = text.replace(/^\S+\s*/, "").trim();
    if (command?.secret) {
      this.#secret(text, command, argument);
      return;
    }
    app.composer.remember(text);
    switch (command?.names[0]) {
      case "/clear":
        model.current.items = [];
        model.current.isComplete = true;
        break;
      case "/ignore":
        if (argument) this.ignore(argument);
        else model.current.note(`Hidden: ${[...model.ignored.values()].join(", ") || "nobody"}.`);
        break;
      case "/unignore":
        this.ignore(argument, false);
        break;
      case "/exit":
        app.entry.leave();
        return;
      case "/help":
        if (argument) this.command(text);
        else this.#help();
        break;
      case "/search":
        this.openSearch(argument);
        break;
      case "/chat":
        app.select(argument);
        break;
      case "/room":
        app.select("");
        break;
      case "/join":
        if (argument) this.#join(argument);
        else this.command(text);
        break;
      default:
        this.command(text, command ? {} : { isSecret: /\s/.test(text) }); // it may be a mistyped one with a password
    }
    app.show();
  }

  // Send a command with a password; ask for that if it is missing, so that it is not seen.
  async #secret(text, { names: [name], argument }, words) {
    const given = words.split(/\s+/).filter(Boolean);
    const isMine = !given.length || this.model.isMe(given[0]);
    const again = { label: "The same password again", type: "password", autocomplete: "new-password" };
    const fresh = { label: "New password, at least 8 characters", type: "password", autocomplete: "new-password", minlength: 8 };
    const old = { label: "Password", type: "password", autocomplete: "current-password" };
    let answer = null;
    if (name === "/registration" && isMine && given.length < 2) {
      answer = await ask("Register your name", `${this.model.name} is yours from then on, with this password.`, "Register", [fresh, again]);
      text = `${name} ${this.model.name}`;
    } else if (name === "/password" && !given.length) {
      answer = await ask("Change your password", "You stay logged in here.", "Change", [fresh, again]);
    } else if (name === "/auth" && given.length < 2) {
      const who = { label: "Name", value: given[0] ?? "", autocomplete: "username" };
      answer = await ask("Log in", "With a registered name and its password.", "Log in", [who, old]);
      if (answer) [text, answer] = [`${name} ${answer[0]}`, [answer[1]]];
    } else if (name === "/unregister" && !given.length) {
      answer = await ask("Delete your account", "Your private conversations are deleted with it, also for the others.", "Delete", [old], true);
    } else {
      this.command(text, { isSecret: true });
      return;
    }
    if (!answer) return;
    if (answer.length > 1 && answer[0] !== answer[1]) {
      this.app.composer.tell("The two passwords are not the same: nothing was sent.");
      return;
    }
    this.command(`${text} ${answer[0]}`, { isSecret: true });
  }

  ignore(name, isIgnored = true) {
    const { model } = this;
    if (isIgnored && model.isMe(name)) {
      model.current.note("That is you.");
    } else if (isIgnored) {
      model.ignored.set(keyOf(name), name);
      model.current.note(`Messages of ${name} are hidden here. /unignore ${name} shows them again.`);
    } else {
      const was = model.ignored.delete(keyOf(name));
      model.current.note(was ? `Messages of ${name} are shown again.` : `${name || "Nobody"} is not hidden.`);
    }
    this.app.show();
  }

  nameMenu(name, element) {
    const { model, app } = this;
    const isMe = model.isMe(name);
    const confirmed = (title, text, button, command) => async () => {
      if (await ask(title, text, button, [], true)) this.command(command);
    };
    const isIgnored = model.ignored.has(keyOf(name));
    const items = [["Who is this?", () => this.command(`/whois ${name}`)]];
    if (!isMe) {
      items.unshift(["Mention", () => app.composer.address(name)]);
      if (model.canChat) items.unshift(["Write privately", () => app.select(name)]);
      items.push([isIgnored ? "Show the messages again" : "Hide the messages", () => this.ignore(name, !isIgnored)]);
    }
    if (!isMe && model.isModerator) {
      items.push(
        null,
        ["Mute for 30 minutes", confirmed(`Mute ${name}?`, "For 30 minutes nothing can be written under this name.", "Mute", `/mute ${name} 30m`)],
        ["Unmute", () => this.command(`/unmute ${name}`)],
      );
    }
    if (!isMe && (model.role === "moderator" || model.role === "admin")) {
      items.push(
        ["Kick", confirmed(`Kick ${name}?`, "The user is removed for five minutes.", "Kick", `/kick ${name}`), true],
        ["Ban for 12 hours", confirmed(`Ban ${name}?`, "The user can't return for 12 hours.", "Ban", `/ban ${name} 12h`), true],
        ["Ban for good", confirmed(`Ban ${name} for good?`, "The user can't return until a moderator lifts the ban.", "Ban", `/ban ${name}`), true],
        ["Lift the ban", () => this.command(`/unban ${name}`)],
      );
    }
    if (!isMe && model.role === "admin") {
      items.push(null, ["Make a moderator", () => this.command(`/grant ${name}`)], ["Take the role away", () => this.command(`/revoke ${name}`)]);
    }
    openMenu(element, name, items);
  }

  more(element) {
    const { model, app } = this;
    const toggle = async () => {
      model.current.note(await app.attention.toggle());
      app.show();
    };
    const items = [
      [app.attention.isNotifying ? "Stop notifications" : "Notify me about mentions", toggle],
      ["All commands", () => this.#help()],
    ];
    if (model.current.name) items.push(["Close this conversation", () => this.#close()]);
    if (model.current.name && !model.current.isPrivate && model.isModerator) {
      items.push(
        null,
        ["Invite a user to this room…", () => this.#invite()],
        ["Only invited users may enter", () => this.command("/private on")],
        ["All users may enter", () => this.command("/private off")],
      );
    }
    if (model.hasStore && model.role === "guest") {
      items.push(null, ["Register this name…", () => this.#run("/registration", commandOf("/registration"))], ["Log in…", () => this.#run("/auth", commandOf("/auth"))]);
    } else if (model.hasStore) {
      items.push(null, ["Change the password…", () => this.#run("/password", commandOf("/password"))]);
    }
    items.push(null, ["Leave the chat", () => app.entry.leave()]);
    openMenu(element, model.name, items);
  }

  #help() {
    const rows = usable(this.model).flatMap(({ names: [name], argument, help }) => [make("dt", {}, `${name} ${argument}`), make("dd", {}, help)]);
    ask("Commands", "A line that begins with / is a command; // says a line with /. Tab completes names and commands, Shift-Enter begins another line, Alt with an arrow key changes the conversation, Escape leads back to the input.", "Close", [], false, make("dl", { tabindex: 0 }, ...rows));
  }

  #close() {
    const { model, app } = this;
    const { current } = model;
    if (current.isPrivate) {
      model.close(current);
      app.select("");
    } else {
      this.link.send({ type: "part", conversation: current.name });
    }
  }

  hasOptions(item) {
    return this.canEdit && Boolean(item.seq) && !item.isDeleted && (item.isOwn || this.model.isModerator);
  }

  messageMenu(item, element) {
    const conversation = this.model.current.name;
    const remove = async () => {
      if (await ask("Delete this message?", "It disappears for all users.", "Delete", [], true)) {
        this.command("", { event: { type: "delete", conversation, seq: item.seq } });
      }
    };
    openMenu(element, "Message", [...(item.isOwn ? [["Edit", () => this.edit(item)]] : []), ["Delete", remove, true]]);
  }

  async edit(item) {
    const conversation = this.model.current.name;
    const answer = await ask("Edit this message", "All users see the new text.", "Save", [{ label: "Text", isLong: true, value: item.me ? `/me ${item.text}` : item.text }]);
    if (answer) this.command(answer[0], { event: { type: "edit", conversation, seq: item.seq, text: answer[0] } });
  }

  async joinRoom() {
    const { lines } = await this.app.lookup.ask("/rooms");
    const rooms = lines.flatMap(({ text }) => [...text.matchAll(/^\s*(#\S+) +(\d+)(.*)$/gm)]);
    const list = make("ul", { class: "choices" }, ...rooms.map(([, name, members, topic]) => make("li", {}, make("button", {
      type: "button", onclick: ({ target }) => {
        $("field0").value = name;
        const form = target.closest("form");
        form.requestSubmit(form.querySelector("[value=yes]"));
      },
    }, make("b", {}, name), make("span", { class: "dim" }, ` ${members} online  ${topic.trim()}`)))));
    const field = { label: "Room", placeholder: "#room", maxlength: 33 };
    const answer = await ask("Join a room", "A room that does not exist is made, if you may make one.", "Join", [field], false, list);
    if (answer?.[0].trim()) this.#join(answer[0].trim());
  }

  #join(name) {
    const room = name.startsWith("#") ? name : `#${name}`;
    const known = [...this.model.conversations.values()].find(({ title }) => keyOf(title) === keyOf(room));
    if (known) {
      this.app.select(known.name);
    } else if (this.link.isIn) {
      this.joining = keyOf(room);
      this.link.send({ type: "join", conversation: room });
    } else {
      this.app.composer.tell("A room can be joined when there is a connection again.");
    }
  }

  async #invite() {
    const answer = await ask("Invite a user", `The user may enter ${this.model.current.title}, also if it is private. The name must be registered.`, "Invite", [{ label: "Name" }]);
    if (answer?.[0].trim()) this.command(`/invite ${answer[0].trim()}`);
  }

  async writePrivately() {
    const answer = await ask("Write to a user privately", "Only the two of you see the messages. The user must be registered.", "Write", [{ label: "Name" }]);
    if (answer?.[0].trim()) this.app.select(answer[0].trim());
  }

  openSearch(words = "") {
    $("search").hidden = false;
    $("open-search").setAttribute("aria-expanded", "true");
    $("results").replaceChildren();
    $("found").textContent = this.model.hasStore
      ? `Finds messages in ${this.model.current.title} that contain all the words.`
      : "The server keeps no messages that could be searched.";
    $("words").value = words;
    $("words").focus();
    if (words) this.#search(words);
  }

  closeSearch() {
    if ($("search").hidden) return;
    $("search").hidden = true;
    $("open-search").setAttribute("aria-expanded", "false");
    this.app.composer.input.focus();
  }

  async #search(words) {
    if (!words || !this.model.hasStore) return;
    const conversation = this.model.current;
    $("found").textContent = "Searching…";
    $("results").replaceChildren();
    const { messages, notes } = await this.app.lookup.search(words, conversation);
    const count = messages.length;
    $("found").textContent = count ? `${count === 1 ? "1 message" : `${count} messages`}, the newest first. ${notes.join(" ")}` : notes.join(" ");
    $("results").replaceChildren(...messages.map((message) => make("li", {}, make("button", { type: "button", onclick: () => this.#jump(message, conversation) },
      make("span", {}, make("b", {}, message.from), make("time", {}, short(message.time))), make("span", { class: "text", dir: "auto" }, message.text)))));
  }

  async #jump(message, conversation) {
    if (conversation !== this.model.current) this.app.select(conversation.name);
    $("found").textContent = "Looking for it…";
    const item = await this.app.lookup.find(message, conversation);
    $("found").textContent = item ? "" : "This message is too far back to be shown here.";
    if (!item) return;
    if (getComputedStyle($("search")).position !== "static") this.closeSearch(); // it is over the messages
    this.app.log.jump(item);
  }
}
