// Before one is in, while there is no connection, and at the end.

import { make } from "./elements.js";

const $ = (id) => document.getElementById(id);
const NEW_PASSWORD = new Set(["guest", "short-password", "password-refused"]);

export class Entry {
  constructor(app) {
    this.app = app;
    $("place").textContent = location.host;
    $("password").addEventListener("input", () => this.#offer());
    $("entry").addEventListener("submit", (event) => {
      event.preventDefault();
      const [name, password] = [$("name").value.trim(), $("password").value];
      if (!name) return;
      $("refusal").hidden = true;
      $("join").disabled = true;
      app.link.enter(name, password, Boolean(password) && $("register").checked);
    });
  }

  #offer() {
    $("registers").hidden = !$("password").value;
  }

  show(name = "", code = "", text = "") {
    $("chat").hidden = $("end").hidden = true;
    $("door").hidden = false;
    $("join").disabled = false;
    if (name) $("name").value = name;
    let why = text && `${text[0].toUpperCase()}${text.slice(1)}`;
    if (code === "name-registered") why = `${name} is registered: write its password, or choose another name.`;
    if (code === "incorrect-login") why = `${name} is not registered: register it with this password, or join without one.`;
    if (code === "guest") why = "This chat is for registered users: write a new password, and the name is yours.";
    if (NEW_PASSWORD.has(code)) $("register").checked = true;
    if (code === "login-taken" || code === "name-registered") $("register").checked = false;
    $("refusal").textContent = why;
    $("refusal").hidden = !why;
    const isPassword = code === "name-registered" || code === "incorrect-password" || NEW_PASSWORD.has(code);
    $("name").setAttribute("aria-invalid", String(Boolean(why) && !isPassword));
    $("password").setAttribute("aria-invalid", String(isPassword));
    if (isPassword) $("password").value = "";
    (isPassword ? $("password") : $("name")).focus();
    this.#offer();
  }

  hide() {
    $("door").hidden = $("end").hidden = true;
    $("password").value = "";
    $("chat").hidden = false;
  }

  // Say that the chat has ended here, and what to do.
  end(title, what, button, act) {
    $("door").hidden = $("chat").hidden = true;
    $("end").hidden = false;
    $("end-why").textContent = title;
    $("end-what").textContent = what;
    $("end-act").textContent = button;
    $("end-act").onclick = act;
    $("end-act").focus();
  }

  // There is a connection.
  found() {
    clearInterval(this.countdown);
    $("lost").hidden = true;
    this.hide();
  }

  // The server refuses the name.
  refused({ code, text }, { name }) {
    for (const { row, text: said, conversation } of this.app.link.waiting) {
      const where = conversation ? ` to ${this.app.model.open(conversation).title}` : "";
      if (row) this.app.model.open("").refused.push({ text: said, why: `Not sent${where}: the connection was lost.` });
    }
    this.app.link.waiting = [];
    this.show(name, code, text);
  }

  // There is no connection, until the `next` try.
  lost(why, next) {
    if (!this.app.model.name) {
      this.app.link.leave();
      this.show("", "", `${why}. Look whether the server runs and this device is online, and join again.`);
      return;
    }
    const show = () => {
      const seconds = Math.max(0, Math.round((next - Date.now()) / 1000));
      $("lost-why").replaceChildren(`Connection lost: ${why}. What you write is sent when it is back. `, make("span", { "aria-hidden": "true" }, seconds ? `Next try in ${seconds} s.` : "Trying…"));
    };
    clearInterval(this.countdown);
    this.countdown = setInterval(show, 1000);
    $("lost").hidden = false;
    show();
    this.app.show();
  }

  // The server does not want this connection any more.
  ended({ code, text }) {
    clearInterval(this.countdown);
    if (code === "elsewhere") {
      this.app.attention.title("");
      this.end("The chat is open in another place", "Your name is in use there: in another tab, or by another program of yours.", "Use it here", () => {
        this.hide();
        this.app.link.now();
      });
    } else {
      const { name } = this.app.model;
      this.leave();
      this.end("You are not in the chat any more", text, "Join again", () => this.show(name));
    }
  }

  leave() {
    const { model, link, attention } = this.app;
    const { name } = model;
    attention.tell();
    link.leave();
    attention.title("");
    model.conversations.clear();
    model.name = "";
    model.current = model.open("");
    this.show(name);
  }
}
