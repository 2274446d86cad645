// The list at the left: conversations, who is here, and who one is.

import { arrange, make, write } from "./elements.js";
import { colourOf } from "./text.js";

const $ = (id) => document.getElementById(id);

// `on`: open(name), join(), name(name, element), chat(), me(element)
export class Side {
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.rows = new Map(); // by their data-key: they stay the same elements, since a press on one may be under way
    const section = (title, ...buttons) => {
      const [heading, list] = [make("span", {}, title), make("ul")];
      return { heading, list, element: make("section", {}, make("h2", {}, heading, ...buttons), list) };
    };
    this.shared = section("Rooms", this.#button("+", "join", "Join a room", on.join));
    this.chat = this.#button("+", "chat", "Write to a user privately", on.chat);
    this.alone = section("Private", this.chat);
    this.people = section("Online");
    this.more = make("li", { class: "dim" });
    $("rooms").append(this.shared.element, this.alone.element, this.people.element);
    this.avatar = make("span", { "aria-hidden": "true" });
    [this.name, this.role] = [make("b"), make("small", { class: "dim" })];
    $("me").append(make(
      "button", { type: "button", "aria-haspopup": "menu", onclick: () => on.me($("me").firstChild) },
      this.avatar, make("span", {}, this.name, this.role),
    ));
    $("open-side").addEventListener("click", () => this.toggle());
    $("chat").addEventListener("click", ({ target }) => target === $("chat") && this.toggle(false));
    $("side").addEventListener("keydown", ({ key }) => key === "Escape" && this.toggle(false));
  }

  toggle(isOpen = !document.body.classList.contains("open")) {
    document.body.classList.toggle("open", isOpen);
    $("open-side").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) $("side").querySelector("[aria-current]")?.focus();
    else if ($("side").contains(document.activeElement)) $("text").focus();
  }

  update() {
    if (this.isDue) return;
    this.isDue = true;
    setTimeout(() => {
      this.isDue = false;
      this.render();
    }, 30);
  }

  render() {
    const { model } = this;
    const { current } = model;
    const shown = new Map();
    const all = [...model.conversations.values()];
    const rows = (isPrivate) => all.filter((each) => each.isPrivate === isPrivate).map((each) => this.#conversation(each, shown));
    arrange(this.shared.list, rows(false));
    arrange(this.alone.list, rows(true));
    this.chat.hidden = !model.canChat;
    this.alone.element.hidden = !model.canChat && !this.alone.list.firstChild;
    this.people.element.hidden = current.isPrivate;
    if (!current.isPrivate) {
      const people = [...current.people.values()].sort((one, other) => one.localeCompare(other));
      const others = current.members - people.length;
      write(this.people.heading, `Online · ${current.members}`);
      write(this.more, others === 1 ? "and 1 more" : `and ${others} more`);
      arrange(this.people.list, [...people.map((name) => this.#person(name, shown)), ...(others > 0 ? [this.more] : [])]);
    }
    this.rows = shown;
    this.avatar.className = `avatar n${colourOf(model.name)}`;
    write(this.avatar, [...model.name][0]?.toUpperCase() ?? "");
    write(this.name, model.name);
    write(this.role, model.role);
    const others = all.filter((each) => each !== current).reduce((sum, { unread }) => sum + unread, 0);
    write($("elsewhere"), `${others}`);
    $("elsewhere").hidden = !others;
  }

  #button(text, key, label, act) {
    return make("button", { class: "icon", type: "button", "data-key": key, "aria-label": label, title: label, onclick: act }, text);
  }

  // Return the row with this key, which `build` makes if there was none; `shown`: all rows of this time.
  #row(key, shown, build) {
    const row = this.rows.get(key) ?? build();
    shown.set(key, row);
    return row;
  }

  #conversation(conversation, shown) {
    const { title, unread, calls, isPrivate, name } = conversation;
    const row = this.#row(`to ${name}`, shown, () => {
      const mark = make("span", { class: isPrivate ? `dot n${colourOf(name)}` : "hash", "aria-hidden": "true" }, isPrivate ? "" : "#");
      const [label, count] = [make("span", { class: "label" }), make("span")];
      const badge = make("span", { class: "badge" }, count, make("span", { class: "unseen" }, " unread"));
      const open = () => {
        this.on.open(name);
        this.toggle(false);
      };
      const button = make("button", { type: "button", "data-key": `to ${name}`, onclick: open }, mark, label, badge);
      return Object.assign(make("li", {}, button), { button, label, badge, count });
    });
    write(row.label, isPrivate ? title : title.slice(1));
    write(row.count, `${unread}`);
    row.badge.hidden = !unread;
    row.badge.classList.toggle("calls", Boolean(calls || isPrivate));
    row.button.classList.toggle("unread", unread > 0);
    if (conversation === this.model.current) row.button.setAttribute("aria-current", "true");
    else row.button.removeAttribute("aria-current");
    return row;
  }

  #person(name, shown) {
    const row = this.#row(`name ${name}`, shown, () => {
      const you = make("small", { class: "dim" }, " you");
      const button = make(
        "button", { type: "button", "data-key": `name ${name}`, "aria-haspopup": "menu", onclick: () => this.on.name(name, button) },
        make("span", { class: `dot n${colourOf(name)}`, "aria-hidden": "true" }),
        make("span", { class: "label" }, name, you),
      );
      return Object.assign(make("li", {}, button), { you });
    });
    row.you.hidden = !this.model.isMe(name);
    return row;
  }
}
