// The messages of the current conversation: only those near to what is seen are in the document.

import { arrange, make } from "./elements.js";
import { continues } from "./model.js";
import { colourOf, day, dayKey, full, hour, keyOf, rich } from "./text.js";

const ROOM = 50; // items on each side of those that are seen
const NEAR = 600; // pixels from an end at which more is put there

export class Log {
  // `on`: nearTop, moved, name (a click on one), options (a click on those of a message)
  constructor(model, on) {
    this.model = model;
    this.on = on;
    this.scroller = document.getElementById("scroll");
    this.list = document.getElementById("list");
    this.isPinned = true; // at the bottom, and stays there
    this.elements = new Map(); // of the items in the document
    this.waiting = [];
    this.from = this.to = this.top = 0;
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.isPinned && this.#toBottom()).observe(this.scroller);
    new ResizeObserver(() => this.isPinned && this.#toBottom()).observe(this.list);
    this.list.addEventListener("click", ({ target }) => {
      const name = target.closest(".name");
      if (name) this.on.name(name.dataset.name, name);
      const options = target.closest(".options");
      if (options) this.on.options(options.closest("li").item, options);
    });
  }

  show() {
    this.isPinned = true;
    this.list.replaceChildren();
    this.from = this.to = 0;
    this.render();
  }

  // Render soon: many events make one change.
  update() {
    if (this.isDue) return;
    this.isDue = true;
    const render = () => {
      this.isDue = false;
      this.render();
    };
    if (document.hidden) setTimeout(render, 50);
    else requestAnimationFrame(render);
  }

  get rows() {
    const { items, name } = this.model.current;
    const { ignored } = this.model;
    const shown = ignored.size ? items.filter(({ from }) => !from || !ignored.has(keyOf(from))) : items;
    const waiting = this.waiting.filter(({ conversation }) => conversation === name);
    return waiting.length ? [...shown, ...waiting] : shown;
  }

  render(around) {
    const rows = this.rows;
    const anchor = this.isPinned || around !== undefined ? null : this.#anchor();
    if (this.isPinned) {
      this.to = rows.length;
      this.from = Math.max(0, this.to - 2 * ROOM);
    } else {
      const at = around ?? Math.max(0, rows.indexOf(anchor?.item));
      this.from = Math.max(0, at - ROOM);
      this.to = Math.min(rows.length, at + 2 * ROOM);
    }
    this.#place(rows);
    if (this.isPinned) {
      this.#toBottom();
    } else if (anchor?.element.isConnected || this.elements.get(anchor?.item)?.isConnected) {
      const element = this.elements.get(anchor.item);
      this.scroller.scrollTop += element.getBoundingClientRect().top - anchor.top;
      this.top = this.scroller.scrollTop;
    }
    this.on.moved();
  }

  #place(rows) {
    const wanted = [];
    for (let at = this.from; at < this.to; at++) wanted.push(this.#element(rows[at], rows[at - 1]));
    arrange(this.list, wanted);
    this.elements = new Map(wanted.map((element) => [element.item, element]));
    const heights = wanted.map(({ offsetHeight }) => offsetHeight);
    wanted.forEach((element, at) => (element.item.height = heights[at]));
    this.list.style.paddingTop = `${height(rows, 0, this.from)}px`;
    this.list.style.paddingBottom = `${height(rows, this.to, rows.length)}px`;
  }

  // The first item that is seen, and where.
  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const element of this.list.children) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) return { item: element.item, element, top: box.top };
    }
    return null;
  }

  #scrolled() {
    if (this.isPinned && this.size !== this.#size) this.#toBottom(); // nobody has scrolled: the window has another size
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const rows = this.rows;
    const isUp = scrollTop < this.top - 1;
    this.top = scrollTop;
    this.isPinned = (this.isPinned && !isUp) || (this.to === rows.length && scrollHeight - scrollTop - clientHeight < 8);
    const first = this.list.firstElementChild?.getBoundingClientRect().top;
    const last = this.list.lastElementChild?.getBoundingClientRect().bottom;
    const box = this.scroller.getBoundingClientRect();
    if (first > box.bottom || last < box.top) {
      this.render(find(rows, scrollTop));
    } else if (!this.isPinned && ((this.from && first > box.top - NEAR) || (this.to < rows.length && last < box.bottom + NEAR))) {
      this.render();
    }
    if (!this.from && scrollTop < NEAR) this.on.nearTop();
    this.on.moved();
  }

  get #size() {
    const { clientHeight, clientWidth } = this.scroller;
    return `${clientWidth} ${clientHeight}`;
  }

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
    this.size = this.#size;
  }

  toBottom() {
    this.isPinned = true;
    this.render();
  }

  jump(item) {
    const at = this.rows.indexOf(item);
    if (at < 0) return;
    this.isPinned = false;
    this.render(at);
    const element = this.elements.get(item);
    element.scrollIntoView({ block: "center" });
    element.classList.add("found");
    setTimeout(() => element.classList.remove("found"), 3000);
  }

  #element(item, before) {
    const isMarked = this.model.current.marker === item;
    const isFirst = !before || dayKey(before.time) !== dayKey(item.time);
    const isHead = isFirst || isMarked || !continues(item, before);
    const signature = [isMarked, isFirst && day(item.time), isHead, item.version, this.model.name].join();
    let element = this.elements.get(item);
    if (element?.signature === signature) return element;
    element = make("li", { class: item.from ? "message" : `note ${item.kind}` });
    Object.assign(element, { signature, item });
    if (isFirst) element.append(make("div", { class: "day" }, make("span", {}, day(item.time))));
    if (isMarked) element.append(make("div", { class: "new" }, make("span", {}, "New")));
    if (item.from) this.#message(element, item, isHead);
    else element.append(make("div", { class: "text" }, item.text));
    return element;
  }

  #message(element, item, isHead) {
    const colour = `n${colourOf(item.from)}`;
    const { classList } = element;
    classList.toggle("head", isHead);
    classList.toggle("own", Boolean(item.isOwn));
    classList.toggle("calls", Boolean(item.calls));
    classList.toggle("pending", Boolean(item.id));
    const time = make("time", { datetime: new Date(item.time).toISOString(), title: full(item.time) }, hour(item.time));
    const text = make("div", { class: "text", dir: "auto" });
    if (isHead) {
      const initial = [...item.from][0].toUpperCase();
      const name = make("button", { class: `name ${colour}`, type: "button", "aria-haspopup": "menu", dir: "auto" }, item.from);
      name.dataset.name = item.from;
      element.append(make("span", { class: `avatar ${colour}`, "aria-hidden": "true" }, initial));
      element.append(make("div", { class: "by" }, name, time));
    } else {
      time.className = "side";
      element.append(time);
      text.append(make("bdi", { class: "unseen" }, `${item.from}: `)); // whose script says nothing about that of the text
    }
    if (item.me) text.append(make("bdi", {}, make("em", {}, item.from)), " ");
    if (item.isDeleted) text.append(make("em", { class: "dim" }, "This message was deleted."));
    else text.append(...rich(item.text, item.isOwn ? "" : this.model.name));
    if (item.isEdited && !item.isDeleted) text.append(" ", make("small", { class: "dim" }, "(edited)"));
    if (item.id) text.append(make("span", { class: "unseen" }, " (being sent)"));
    element.append(text);
    if (this.on.hasOptions(item)) {
      element.append(make("button", { class: "options", type: "button", "aria-label": "Options of this message", "aria-haspopup": "menu" }, "⋯"));
    }
  }
}

const guess = (item) => 30 + 22 * Math.floor(item.text.length / 80);

function height(rows, from, to) {
  let sum = 0;
  for (let at = from; at < to; at++) sum += rows[at].height ?? guess(rows[at]);
  return sum;
}

function find(rows, top) {
  let at = 0;
  for (let sum = 0; at < rows.length - 1 && sum < top; at++) sum += rows[at].height ?? guess(rows[at]);
  return at;
}
