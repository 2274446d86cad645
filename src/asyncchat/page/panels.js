// What opens over the messages: the menu of a name, questions; and the list of conversations at the left.

import { colourOf, make } from "./text.js";

const $ = (id) => document.getElementById(id);

// Open a menu beside an element. `items`: [label, act, isDangerous], or null for a line between them.
export function openMenu(beside, title, items) {
  const menu = $("menu");
  const close = (focus) => {
    if (menu.hidden) return;
    menu.hidden = true;
    menu.replaceChildren();
    removeEventListener("pointerdown", outside, true);
    beside.setAttribute("aria-expanded", "false");
    if (focus) beside.isConnected ? beside.focus() : $("text").focus();
  };
  const outside = (event) => menu.contains(event.target) || close(false);
  menu.setAttribute("aria-label", title);
  menu.replaceChildren(make("p", { role: "presentation" }, title), ...items.map((item) => item
    ? make("button", {
      type: "button", role: "menuitem", tabindex: -1, class: item[2] && "danger",
      onclick: () => {
        close(true);
        item[1]();
      },
    }, item[0])
    : make("hr")));
  menu.hidden = false;
  menu.onkeydown = (event) => {
    const buttons = [...menu.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) buttons.at(to % buttons.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const box = beside.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, box.bottom + height + 8 > innerHeight ? Math.min(box.top, innerHeight) - height - 4 : box.bottom + 4)}px`;
  beside.setAttribute("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
  menu.querySelector("button")?.focus();
}

// Ask something in a dialog; return what was written in its fields, null if it was left. `fields`: attributes of inputs.
export function ask(title, text, button, fields = [], isDangerous = false, more = "") {
  const dialog = $("dialog");
  return new Promise((resolve) => {
    const inputs = fields.map(({ label, isLong, value = "", ...attributes }, at) => {
      const input = make(isLong ? "textarea" : "input", { id: `field${at}`, required: true, autocomplete: "off", ...attributes });
      input.value = value;
      return [make("label", { for: `field${at}` }, label), input];
    });
    const user = fields[0]?.type === "password" ? make("input", { autocomplete: "username", value: $("me").querySelector("b").textContent, hidden: true }) : "";
    const form = make("form", { method: "dialog" },
      make("h2", { id: "asked" }, title), make("p", { class: "dim" }, text), user, ...inputs.flat(), more,
      make("div", { class: "buttons" },
        make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        make("button", { class: isDangerous ? "danger" : "primary", value: "yes" }, button)));
    dialog.setAttribute("aria-labelledby", "asked");
    dialog.replaceChildren(form);
    dialog.returnValue = "";
    dialog.onclose = () => {
      resolve(dialog.returnValue === "yes" ? inputs.map(([, input]) => input.value) : null);
      dialog.replaceChildren();
      $("text").focus();
    };
    dialog.showModal();
  });
}

// The list of conversations and of who is here. `on`: open(name), join(), name(name, element), chat(), me(element)
export class Side {
  constructor(model, on) {
    this.model = model;
    this.on = on;
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
    const { model, on } = this;
    const focused = document.activeElement?.dataset.key;
    const all = [...model.conversations.values()];
    const rooms = all.filter(({ isPrivate }) => !isPrivate);
    const alone = all.filter(({ isPrivate }) => isPrivate);
    const section = (title, button, ...rows) => make("section", {}, make("h2", {}, title, button), make("ul", {}, ...rows));
    const people = [...model.current.people.values()].sort((one, other) => one.localeCompare(other));
    const count = model.current.isPrivate ? "" : ` · ${model.current.members}`;
    const joins = this.#button("+", "join", "Join a room", on.join);
    const chats = model.canChat && this.#button("+", "chat", "Write to a user privately", on.chat);
    $("rooms").replaceChildren(
      section("Rooms", joins, ...rooms.map((each) => this.#row(each))),
      alone.length || model.canChat ? section("Private", chats || "", ...alone.map((each) => this.#row(each))) : "",
      model.current.isPrivate ? "" : section(`Online${count}`, "", ...people.map((name) => this.#person(name))),
    );
    const me = make("button", { type: "button", "data-key": "me", "aria-haspopup": "menu", onclick: () => on.me($("me").firstChild) },
      make("span", { class: `avatar n${colourOf(model.name)}`, "aria-hidden": "true" }, [...model.name][0]?.toUpperCase() ?? ""),
      make("span", {}, make("b", {}, model.name), make("small", { class: "dim" }, model.role)));
    $("me").replaceChildren(me);
    if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    const others = all.filter((each) => each !== model.current).reduce((sum, { unread }) => sum + unread, 0);
    $("elsewhere").textContent = others;
    $("elsewhere").hidden = !others;
  }

  #button(text, key, label, act) {
    return make("button", { class: "icon", type: "button", "data-key": key, "aria-label": label, title: label, onclick: act }, text);
  }

  #row(conversation) {
    const { title, unread, calls, isPrivate, name } = conversation;
    const badge = unread ? make("span", { class: calls || isPrivate ? "badge calls" : "badge" }, `${unread}`, make("span", { class: "unseen" }, " unread")) : "";
    return make("li", {}, make("button", {
      type: "button", "data-key": `to ${name}`, class: unread && "unread", "aria-current": conversation === this.model.current && "true",
      onclick: () => {
        this.on.open(name);
        this.toggle(false);
      },
    }, make("span", { class: isPrivate ? `dot n${colourOf(name)}` : "hash", "aria-hidden": "true" }, isPrivate ? "" : "#"),
    make("span", { class: "label" }, isPrivate ? title : title.slice(1)), badge));
  }

  #person(name) {
    const button = make("button", { type: "button", "data-key": `name ${name}`, "aria-haspopup": "menu", onclick: () => this.on.name(name, button) },
      make("span", { class: `dot n${colourOf(name)}`, "aria-hidden": "true" }),
      make("span", { class: "label" }, name, this.model.isMe(name) ? make("small", { class: "dim" }, " you") : ""));
    return make("li", {}, button);
  }
}
