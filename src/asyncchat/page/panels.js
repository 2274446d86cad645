// What opens over the messages: the menu of a name, and questions.

import { make } from "./elements.js";

const $ = (id) => document.getElementById(id);

// Open a menu beside an element. `items`: [label, act, isDangerous], or null for a line between them.
export function openMenu(beside, title, items) {
  const menu = $("menu");
  const close = (focus) => {
    if (menu.hidden) return;
    menu.hidden = true;
    menu.replaceChildren();
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", place);
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
  const place = () => {
    const box = beside.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    menu.style.top = `${Math.max(8, box.bottom + height + 8 > innerHeight ? Math.min(box.top, innerHeight) - height - 4 : box.bottom + 4)}px`;
  };
  place();
  beside.setAttribute("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
  addEventListener("resize", place); // as when the on-screen keyboard goes
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
