// The input: sending, completion by Tab, earlier lines, lines that came back.

import { COMMANDS } from "./commands.js";
import { make } from "./elements.js";
import { keyOf, wordStart } from "./text.js";

const MOST_OFFERED = 8;
const RANKS = ["guest", "registered", "moderator", "admin"];

export const isCommand = (text) => text.startsWith("/") && !text.startsWith("//");
export const commandOf = (text) => COMMANDS.find(({ names }) => names.includes(text.split(/\s/, 1)[0].toLowerCase()));

// The commands that the user may use here.
export const usable = ({ role: own, hasStore, current }) =>
  COMMANDS.filter(({ role, store, rooms, others }) =>
    (RANKS.indexOf(role) <= RANKS.indexOf(own) || (rooms && current.role)) && (!store || hasStore) && (current.name || !others));

export class Composer {
  // `on`: send(text), typed()
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.input = document.getElementById("text");
    this.menu = document.getElementById("offers");
    this.why = document.getElementById("why");
    this.sent = []; // earlier lines, the newest last
    this.at = 0;
    this.offers = [];
    document.getElementById("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("input", () => {
      this.#fit();
      this.#close();
      if (/^\/[a-z]*$/i.test(this.input.value)) this.#offer(this.#commands(this.input.value), 0);
      if (!this.input.value) this.tell("");
    });
    this.input.addEventListener("blur", () => setTimeout(() => document.activeElement === this.input || this.#close(), 150));
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.#close();
    this.#fit();
    this.input.setSelectionRange(text.length, text.length);
  }

  // Say why something was not sent, above the input.
  tell(why) {
    this.why.textContent = why;
    this.why.hidden = !why;
  }

  // Bring back what was refused, when nothing else is being typed.
  bringBack() {
    if (this.text || !this.model.current.refused.length) return;
    const { text, why } = this.model.current.refused.shift();
    this.text = text;
    this.tell(why);
  }

  address(name) {
    const { text } = this;
    this.text = text ? `${text.replace(/\s*$/, " ")}${name} ` : `${name}: `;
    this.input.focus();
  }

  #send() {
    const { text } = this;
    if (!text.trim()) return;
    this.text = "";
    this.tell("");
    this.on.send(text);
    this.bringBack();
  }

  // Keep what may be had back by the arrow keys; the caller knows whether it may be kept.
  remember(text) {
    if (this.sent.at(-1) !== text) this.sent.push(text);
    this.at = this.sent.length;
  }

  #key(event) {
    // While a word is being composed, Enter ends the composition; in Safari, just before this event.
    if (event.isComposing || event.keyCode === 229) return;
    const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
    const isPlain = !shiftKey && !altKey && !ctrlKey && !metaKey;
    if (key === "Enter" && !shiftKey && !altKey) {
      event.preventDefault();
      if (this.chosen >= 0 && this.offers.length && !this.isInserted) this.#choose(this.chosen);
      else this.#send();
    } else if (key === "Tab" && isPlain && this.#complete()) {
      event.preventDefault();
    } else if (key === "Escape" && this.offers.length) {
      event.stopPropagation();
      this.#close();
    } else if ((key === "ArrowUp" || key === "ArrowDown") && isPlain) {
      const step = key === "ArrowUp" ? -1 : 1;
      if (this.offers.length) this.#mark((this.chosen + step + this.offers.length) % this.offers.length);
      else if (!this.#recall(step)) return;
      event.preventDefault();
    }
  }

  #recall(step) {
    const isEarlier = this.at < this.sent.length && this.text === this.sent[this.at];
    if ((this.text && !isEarlier) || (step > 0 && !isEarlier)) return false;
    const at = this.text ? this.at + step : this.sent.length - 1;
    if (at < 0) return isEarlier;
    this.at = at;
    this.text = this.sent[at] ?? "";
    return true;
  }

  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  // Complete the word before the caret, or offer the next choice; tell whether there is one.
  #complete() {
    if (this.isInserted) {
      this.#insert((this.chosen + 1) % this.offers.length);
      return true;
    }
    const before = this.text.slice(0, this.input.selectionStart);
    let offers;
    if (/^\/\S*$/.test(before)) {
      offers = this.#commands(before);
    } else if (before.trim()) {
      offers = this.#words(before);
    }
    if (!offers?.length) return false;
    this.#offer(offers, offers[0].start);
    this.#insert(0);
    return true;
  }

  #commands(before) {
    const may = usable(this.model);
    const fits = (name) => name.startsWith(before.toLowerCase());
    const first = may.filter(({ names }) => fits(names[0]));
    const offered = first.length ? first.map((each) => [each.names[0], each]) : may.flatMap((each) => each.names.filter(fits).map((name) => [name, each]));
    return offered
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, { argument, help }]) => ({ start: 0, text: `${name} `, label: `${name} ${argument}`, help }));
  }

  #words(before) {
    const start = wordStart(before);
    const word = keyOf(before.slice(start));
    if (!word) return [];
    const people = [...this.model.current.people].reverse();
    return people
      .filter(([key, name]) => key.startsWith(word) && !this.model.isMe(name))
      .map(([, name]) => ({ start, text: start ? `${name} ` : `${name}: `, label: name }));
  }

  #offer(offers) {
    this.offers = offers.slice(0, MOST_OFFERED);
    this.caret = this.input.selectionStart;
    this.base = this.text;
    this.isInserted = false;
    this.menu.replaceChildren(...this.offers.map(({ label, help }, at) => make(
      "div",
      { role: "option", id: `offer${at}`, "aria-selected": "false", onmousedown: (event) => this.#pick(event, at) },
      make("b", {}, label), help ? make("span", {}, help) : "",
    )));
    this.menu.hidden = !this.offers.length;
    this.#mark(-1);
  }

  #mark(at) {
    this.chosen = at;
    for (const [number, option] of [...this.menu.children].entries()) {
      option.setAttribute("aria-selected", String(number === at));
      if (number === at) option.scrollIntoView({ block: "nearest" });
    }
    if (at >= 0) this.input.setAttribute("aria-activedescendant", `offer${at}`);
    else this.input.removeAttribute("aria-activedescendant");
    if (this.isInserted) this.#put(at);
  }

  #pick(event, at) {
    event.preventDefault();
    this.#choose(at);
  }

  #choose(at) {
    this.#put(at);
    this.#close();
  }

  #insert(at) {
    this.isInserted = true;
    this.#mark(at);
    if (this.offers.length === 1) this.#close();
  }

  #put(at) {
    const { start, text } = this.offers[at];
    this.input.value = this.base.slice(0, start) + text + this.base.slice(this.caret);
    this.input.setSelectionRange(start + text.length, start + text.length);
    this.#fit();
  }

  #close() {
    this.offers = [];
    this.chosen = -1;
    this.isInserted = false;
    this.menu.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }
}
